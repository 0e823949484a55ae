export interface BackoffOptions {
  /** What the first pause lasts at most, in seconds. */
  readonly firstSeconds: number;
  /** What any pause lasts at most. */
  readonly capSeconds: number;
}

export const usualBackoff: BackoffOptions = { firstSeconds: 0.1, capSeconds: 1 };

/**
 * How long to wait before the attempt after `failures` failed ones: any time up to a bound that doubles, so that clients that lost
 * their links together do not come back together ("full jitter"). `random` is in [0, 1).
 */
export function pauseSeconds(failures: number, random: number, { firstSeconds, capSeconds }: BackoffOptions): number {
  return random * Math.min(capSeconds, firstSeconds * 2 ** failures);
}
