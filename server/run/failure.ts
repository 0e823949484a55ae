import { isRefusalCode, TandemError } from '../../shared/errors.js';
import type { RefusalCode } from '../../shared/refusals.js';
import type { CourseEffect, CourseMember, CourseSnapshot, CourseState } from './course.js';

type Effects = readonly CourseEffect[];

/** Why a run has failed, as plain data: it is written down with the run, so that no restart makes a success of it. */
export interface Failure {
  readonly code: RefusalCode;
  readonly message: string;
  readonly action: string;
}

function failureOf({ code, message, action }: TandemError): Failure {
  return { code, message, action };
}

/** The one way in which a run fails. */
export function fail(state: CourseState, error: TandemError): Effects {
  Object.assign(state, { phase: 'finished', failure: failureOf(error) });
  return [{ kind: 'finish', error }];
}

/** The same again. */
export function errorOf({ code, message, action }: Failure): TandemError {
  return new TandemError(isRefusalCode(code) ? code : 'INTERNAL', message, action);
}

/** Whether a checkpoint is of a run that lost its clients: a restart gives them more time to come back. */
export function canBeWaitedOut({ run: { failure } }: CourseSnapshot): boolean {
  return failure?.code === 'NO_CLIENTS';
}

/** A snapshot of such a run that waits for its clients as in the beginning. */
export function waitingAgain<R extends { readonly members: readonly CourseMember[] }>(run: R) {
  const members = run.members.map((member) => ({ ...member, present: false, lagging: false }));
  return { ...run, members, phase: 'gathering', failure: null } as const;
}
