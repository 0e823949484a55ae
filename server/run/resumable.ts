import { TandemError } from '../../shared/errors.js';

/** Throws BAD_OPTION where a run that is written down could not go on from it. */
export function refuseState(graceSeconds: number): void {
  if (graceSeconds > 0) return;
  throw new TandemError(
    'BAD_OPTION',
    'with --grace 0 nobody could come back after a crash',
    'give --grace more seconds',
  );
}
