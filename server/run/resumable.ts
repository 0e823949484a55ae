import type { RunSettings } from '../../shared/config.js';
import { TandemError } from '../../shared/errors.js';

/** One reason why a run cannot be written down so that it goes on as if nothing had happened. */
const reasons: readonly { readonly applies: (settings: RunSettings) => boolean; readonly why: string }[] = [
  {
    applies: ({ deadline }) => deadline !== undefined,
    why: 'what a deadline decides depends on time, which does not come back',
  },
];

/** Throws BAD_OPTION where checkpoints could not promise the same bits. */
export function refuseState(settings: RunSettings, graceSeconds: number): void {
  const { topology, schedule } = settings;
  const [reason] = reasons.filter(({ applies }) => applies(settings));
  if (reason) {
    const what = `topology '${topology.name}' with schedule '${schedule.name}' cannot go on from --state`;
    throw new TandemError('BAD_OPTION', `${what}: ${reason.why}`, 'leave --state out');
  }
  if (!(graceSeconds > 0)) {
    throw new TandemError(
      'BAD_OPTION',
      'with --grace 0 nobody could come back after a crash',
      'give --grace more seconds',
    );
  }
}
