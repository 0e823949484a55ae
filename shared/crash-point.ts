/** Hears of a named point of the program; a test throws there, as if the process had been killed. */
export type CrashHook = (point: string, client: number | null) => void;

let hook: CrashHook | undefined;

/** Nothing, unless a test asked to hear of it. `client` tells clients apart; null at the server. */
export function crashPoint(point: string, client: number | null = null): void {
  hook?.(point, client);
}

/** For tests: calls back at every point, or with undefined at none any more. */
export function onCrashPoint(next: CrashHook | undefined): void {
  hook = next;
}
