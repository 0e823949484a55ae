import type { Contract } from '../../shared/contract.js';
import { float32, int32, type NdArray } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import { reduceSession } from '../../server/session/session-reducer.js';
import {
  initialSession,
  type SessionEffect,
  type SessionInput,
  type SessionRules,
  type SessionState,
} from '../../server/session/session-state.js';

/** Three features, classes 0 to 4, at most 5 samples in a message. */
export const contract: Contract = {
  tensors: [{ name: 'hidden', dtype: 'float32', shape: [3] }],
  labels: [{ name: 'kind', dtype: 'int32', shape: [], min: 0, max: 4 }],
  maxRows: 5,
};

export const hello: Message<'hello'> = {
  type: 'hello',
  role: 'train',
  shard: null,
  party: null,
  engine: 'test',
  resumes: false,
  segments: null,
  bottom: null,
  capabilities: [],
};

export function smashed(step: number, change: Partial<Message<'smashed'>> = {}): Message<'smashed'> {
  const tensors = [float32([2, 3], [0.5, -step, 2.25, 7, -0.125, step])];
  return { type: 'smashed', step, tensors, labels: [int32([2], [4, 3])], ...change };
}

export function query(id: number, change: Partial<Message<'query'>> = {}): Message<'query'> {
  return { type: 'query', id, tensors: [float32([1, 3], [id, -2.5, 0.75])], labels: [], ...change };
}

export function gradient(step: number): NdArray[] {
  return [float32([2, 3], [step, -1, 0.5, 3, 0.25, -step])];
}

/** A server's session that remembers what it answered last. */
export class ServerSession {
  state;
  effects: readonly SessionEffect[] = [];

  constructor(rules: Partial<SessionRules> = {}) {
    this.state = initialSession({ contract, ...rules });
  }

  do(...inputs: SessionInput[]): this {
    for (const input of inputs) [this.state, this.effects] = reduceSession(this.state, input);
    return this;
  }

  receive(...messages: Message[]): this {
    return this.do(...messages.map((message) => ({ kind: 'received', message }) as const));
  }

  apply(step: number): this {
    return this.do({ kind: 'applied', loss: step + 0.5, cutGradient: gradient(step) });
  }

  /** What was sent, by the last input. */
  get sent(): Message[] {
    return this.effects.flatMap((effect) => (effect.kind === 'send' ? [effect.message] : []));
  }

  /** The code of the refusal the last input led to. */
  get refusal(): string | undefined {
    const refusal = this.effects.find((effect) => effect.kind === 'refuse');
    return refusal?.error.code;
  }
}

/** One fresh session for each phase a session can be in. */
export const sessionsIn: Record<SessionState['phase'], () => ServerSession> = {
  opening: () => new ServerSession(),
  joining: () => new ServerSession().receive(hello).do({ kind: 'accepted', role: 'train' }),
  waiting: () => sessionsIn.joining().receive({ type: 'ready', samples: 37, testSamples: 11 }),
  training: () => sessionsIn.waiting().do({ kind: 'train', round: 3, steps: 2, withOptimizer: false }),
  uploading: () => sessionsIn.training().receive(smashed(1)).apply(1).receive(smashed(2)).apply(2),
  evaluating: () => sessionsIn.waiting().do({ kind: 'evaluate', round: 3, ahead: 1 }),
  inferring: () => new ServerSession().receive(hello).do({ kind: 'accepted', role: 'infer' }),
  closed: () => sessionsIn.waiting().do({ kind: 'closed' }),
};
