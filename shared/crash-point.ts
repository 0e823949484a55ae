/** Where a process may be killed: every step from one state that is kept to the next has its name. */
export const crashPoints = [
  'client.received',
  'client.before-send',
  'client.after-send',
  'client.after-learn',
  'client.after-practise',
  'client.snapshot',
  'client.before-save',
  'client.after-save',
  'client.after-settle',
  'server.take-in',
  'server.before-reply',
  'server.after-reply',
  'server.after-update',
  'server.before-order',
  'server.after-order',
  'server.before-merge',
  'server.after-merge',
  'server.asked',
  'server.snapshot',
  'server.before-save',
  'server.after-save',
  'server.after-settle',
  'server.finished',
] as const;
export type CrashPoint = (typeof crashPoints)[number];

/** Hears of a named point of the program; a test throws there, as if the process had been killed. */
export type CrashHook = (point: CrashPoint, client: number | null) => void;

let hook: CrashHook | undefined;

/** Nothing, unless a test asked to hear of it. `client` tells clients apart; null at the server. */
export function crashPoint(point: CrashPoint, client: number | null = null): void {
  hook?.(point, client);
}

/** For tests: calls back at every point, or with undefined at none any more. */
export function onCrashPoint(next: CrashHook | undefined): void {
  hook = next;
}
