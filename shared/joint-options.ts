import { TandemError } from './errors.js';
import type { Schedule } from './schedules.js';

/** What becomes of a step when a passive party is not there: the others wait, or zeros stand for its smashed data. */
export const missingRules = ['wait', 'zero'] as const;

export type MissingRule = (typeof missingRules)[number];

interface JointOptions {
  readonly missing?: MissingRule;
  readonly aligned?: boolean;
  readonly deadlineSeconds?: number | undefined;
  readonly participation?: number | undefined;
  readonly quorum?: number | undefined;
  readonly partition?: string | undefined;
}

/** In a vertical run every party is needed in every step; elsewhere there is no party to miss. */
export function refuseForJoint(schedule: Schedule, options: JointOptions): void {
  const together = schedule.clients === 'together';
  const refuse = (option: string, why: string, action = 'leave it out') => {
    throw new TandemError('BAD_OPTION', `${option} has no meaning with schedule '${schedule.name}': ${why}`, action);
  };
  const { missing, aligned, deadlineSeconds, participation, quorum, partition } = options;
  if (!together) {
    // The baseline of a vertical run is given the same options.
    if (schedule.clients === 'none') return;
    if (missing !== undefined && missing !== 'wait') refuse('missing', 'each client has rows of its own');
    if (aligned) refuse('aligned', 'each client has rows of its own');
    return;
  }
  if (missing !== undefined && !missingRules.includes(missing)) {
    throw new TandemError('BAD_OPTION', `missing is '${String(missing)}'`, `give ${missingRules.join(' or ')}`);
  }
  if (deadlineSeconds !== undefined && missing !== 'zero') {
    refuse('deadlineSeconds', 'without missing = zero all parties are waited for', 'give --missing zero too');
  }
  if (participation !== undefined && participation !== 1) refuse('participation', 'a step needs all parties');
  if (quorum !== undefined) refuse('quorum', 'a step needs all parties');
  if (partition !== undefined && partition !== 'iid') refuse('partition', 'parties have different columns, not rows');
}
