import type { DeviceConditions } from './sparing.js';

/** Where the conditions come from; tests hand in one of their own. */
export interface ConditionSource {
  current(): DeviceConditions;
  /** Calls back when something has changed. */
  onChange(callback: () => void): void;
}

interface Battery extends EventTarget {
  readonly level: number;
  readonly charging: boolean;
}

interface Connection extends EventTarget {
  readonly saveData?: boolean;
  readonly type?: string;
}

/** What of it a browser has: Chromium most, others nothing. */
export interface DeviceNavigator {
  getBattery?(): Promise<Battery>;
  readonly connection?: Connection;
}

/** Asks the browser. */
export async function browserConditions(
  from: DeviceNavigator = navigator as DeviceNavigator,
): Promise<ConditionSource> {
  const { connection } = from;
  // Where a page may not ask, it takes the battery for full.
  const battery = await from.getBattery?.().catch(() => undefined);
  return {
    current: () => ({
      battery: battery ? { level: battery.level, isCharging: battery.charging } : null,
      network: connection
        ? { savesData: connection.saveData ?? false, isCellular: connection.type === 'cellular' }
        : null,
    }),
    onChange: (callback) => {
      battery?.addEventListener('levelchange', callback);
      battery?.addEventListener('chargingchange', callback);
      connection?.addEventListener('change', callback);
    },
  };
}
