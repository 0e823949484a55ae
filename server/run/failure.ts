import { isRefusalCode, TandemError } from '../../shared/errors.js';
import type { RefusalCode } from '../../shared/refusals.js';
import type { RunSnapshot } from './run-snapshot.js';
import { laneOf, type RunEffect, type RunInput, type RunState } from './run-state.js';

type Effects = readonly RunEffect[];

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
export function fail(state: RunState, error: TandemError): Effects {
  Object.assign(state, { phase: 'finished', failure: failureOf(error) });
  return [{ kind: 'finish', error }];
}

/** What is still under way comes to its end: the step of a lane, with which the state is whole, or the last words. */
export function afterTheEnd(state: RunState, input: RunInput): Effects {
  switch (input.kind) {
    case 'step-applied':
    case 'step-refused':
      state.busy.delete(laneOf(state, input.client));
      return [];
    case 'failed':
      return state.failure ? [] : fail(state, input.error);
    default:
      return [];
  }
}

/** The same again. */
export function errorOf({ code, message, action }: Failure): TandemError {
  return new TandemError(isRefusalCode(code) ? code : 'INTERNAL', message, action);
}

/** Nobody has come back in time; whoever starts the server again gives them more of it. */
function canBeWaitedOut({ code }: Failure): boolean {
  return code === 'NO_CLIENTS';
}

/** A checkpoint to go on from: of a run that lost its clients, one that waits for them as in the beginning, and for the round in which they left. */
export function goneOnWith(snapshot: RunSnapshot): RunSnapshot {
  const { run, bottoms } = snapshot;
  if (!run.failure || !canBeWaitedOut(run.failure)) return snapshot;
  const members = run.members.map((member) => ({ ...member, present: false, lagging: false }));
  const none = { turn: null, turns: [], evaluating: [], heard: [] };
  const waiting = { ...run, ...none, phase: 'gathering', failure: null, members } as const;
  return { ...snapshot, run: waiting, bottoms: { ...bottoms, uploads: [] }, parties: [] };
}
