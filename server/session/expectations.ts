import { TandemError } from '../../shared/errors.js';
import type { NdArray } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { SessionState } from './session-state.js';

/** Throws BAD_STATE in any other phase. */
export function expectPhase(state: SessionState, message: Message, ...phases: SessionState['phase'][]): void {
  if (phases.includes(state.phase)) return;
  throw new TandemError('BAD_STATE', `'${message.type}' came while the session was ${state.phase}`);
}

/** Throws BAD_STATE where the client holds the whole model, so that there is no cut for anything to cross. */
export function expectCut({ rules }: SessionState, message: Message): void {
  if (!rules.whole) return;
  throw new TandemError('BAD_STATE', `'${message.type}' came where the client holds the whole model`);
}

/** Labels that were sent by mistake are not even looked at. */
export function refuseLabels({ rules }: SessionState, labels: readonly NdArray[]): void {
  if (labels.length === 0 || (!rules.gradients && rules.contract.labels.length > 0)) return;
  const why = rules.gradients ? 'in this topology they stay at the client' : 'this party has none to send';
  throw new TandemError('BAD_LABEL', `labels came, and ${why}`, 'send none');
}
