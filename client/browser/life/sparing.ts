/** What training on this device would use up. */
export interface DeviceConditions {
  /** Null where the browser does not tell. */
  readonly battery: { readonly level: number; readonly isCharging: boolean } | null;
  readonly network: { readonly savesData: boolean; readonly isCellular: boolean } | null;
}

export type SparingReason = 'battery' | 'saves-data' | 'cellular';

/** Below this much of the battery, uncharged, a device is spared; it goes on a little above, so that it does not flutter. */
const PAUSE_BELOW = 0.2;
const GO_ON_ABOVE = 0.25;

/** Why this device should not train now; null when it may. `before` is the last answer. */
export function whySpare({ battery, network }: DeviceConditions, before: SparingReason | null): SparingReason | null {
  const enough = before === 'battery' ? GO_ON_ABOVE : PAUSE_BELOW;
  if (battery && !battery.isCharging && battery.level < enough) return 'battery';
  if (network?.savesData) return 'saves-data';
  return network?.isCellular ? 'cellular' : null;
}

/** For the person at the page. */
export function sparingSentence(reason: SparingReason, { battery }: DeviceConditions): string {
  switch (reason) {
    case 'battery':
      return `Paused: the battery is at ${Math.round(100 * (battery?.level ?? 0))} % and is not charging. It goes on when it charges.`;
    case 'saves-data':
      return 'Paused: this browser is asked to save data. It goes on when that is switched off.';
    case 'cellular':
      return 'Paused: this device is on a mobile network. It goes on over another one.';
  }
}
