import type { NdArray } from '../ndarray.js';
import { count, flag, listOf, oneOf, optional, pair, real, text, type Field } from './fields.js';

/** What a message's bytes are counted as in the accounts of a run. */
export type ByteKind = 'up' | 'down' | 'weights' | 'control' | 'link';

interface MessageDefinition {
  readonly code: number;
  readonly from: 'client' | 'server' | 'both';
  readonly counts: ByteKind;
  readonly fields: Readonly<Record<string, Field<unknown>>>;
  /** Lists of tensors: dtype and shape in the header, data in the payload, in this order. */
  readonly arrays: readonly string[];
  /** Whether the payload is one opaque byte string, `payload`. */
  readonly payload: boolean;
}

const none = { arrays: [], payload: false } as const;

/**
 * Every message there is. docs/protocol.md explains each; a test holds the two together.
 * `step` numbers a client's requests from 1, without gaps; `round` numbers the rounds of a run from 0.
 */
export const definitions = {
  /** Opens the session. */
  hello: {
    code: 1,
    from: 'client',
    counts: 'control',
    fields: {
      role: oneOf('train', 'infer'),
      /** `[index, count]` when the client was started for one shard, so that parties keep their place. */
      shard: optional(pair(count())),
      /** Vertical: which party of the run it is, `active` or the number of a passive one. */
      party: optional(text),
      engine: text,
      /** Whether the client can go on with its session over another link. */
      resumes: flag,
      /** How many segments it wants to hold, or null for as many as the topology gives it. */
      segments: optional(count(1)),
      /** The name of the bottom it wants to hold among the task's further ones, or null for the task's own. */
      bottom: optional(text),
    },
    ...none,
  },
  /** Accepts the client and tells it about the run. */
  welcome: {
    code: 2,
    from: 'server',
    counts: 'control',
    fields: {
      run: text,
      task: text,
      session: text,
      /** The client's place among the clients of the run. */
      client: count(),
      clients: count(1),
      seed: count(),
      batch: count(1),
      /** How clients that were started for a shard deal everybody's data, and how many training samples are dealt. */
      partition: text,
      limit: optional(count(1)),
      /** Seconds for which the session outlives its link; 0 when it ends with it. */
      grace: real,
    },
    ...none,
  },
  /** The bottom model's definition: JSON of its segment spec, optimizer and label contract. */
  model: { code: 3, from: 'server', counts: 'weights', fields: {}, arrays: [], payload: true },
  /** The client's data fit the model and it is ready to train; only now it counts as one of the run's clients. */
  ready: { code: 16, from: 'client', counts: 'control', fields: { samples: count(1), testSamples: count() }, ...none },
  /** Weights of the bottom model, with the optimizer's state if `updates` is not null; see bottom-payload.ts. */
  bottom: {
    code: 4,
    from: 'both',
    counts: 'weights',
    fields: { round: count(), updates: optional(count()) },
    arrays: [],
    payload: true,
  },
  /** Train `steps` steps, then send the bottom back, with the optimizer's state if asked for. */
  train: {
    code: 5,
    from: 'server',
    counts: 'control',
    fields: { round: count(), steps: count(1), withOptimizer: flag },
    ...none,
  },
  smashed: {
    code: 6,
    from: 'client',
    counts: 'up',
    fields: { step: count(1) },
    arrays: ['tensors', 'labels'],
    payload: false,
  },
  cutGradient: {
    code: 7,
    from: 'server',
    counts: 'down',
    fields: { step: count(1), loss: real },
    arrays: ['tensors'],
    payload: false,
  },
  /** Run the test samples through the bottom just sent and query the server with the result. */
  evaluate: { code: 8, from: 'server', counts: 'control', fields: { round: count() }, ...none },
  /** Asks for predictions; with labels, for the loss too. Changes nothing on the server. */
  query: {
    code: 9,
    from: 'client',
    counts: 'up',
    fields: { id: count() },
    arrays: ['tensors', 'labels'],
    payload: false,
  },
  prediction: {
    code: 10,
    from: 'server',
    counts: 'down',
    fields: { id: count(), loss: optional(real) },
    arrays: ['tensors'],
    payload: false,
  },
  /** All test samples have been queried. */
  evaluated: {
    code: 11,
    from: 'client',
    counts: 'control',
    fields: {
      round: count(),
      /** Where the client has the loss: see shared/metrics/reported-scores.ts. */
      loss: optional(real),
      sums: listOf(real, 16),
    },
    arrays: ['confusion'],
    payload: false,
  },
  finished: {
    code: 12,
    from: 'server',
    counts: 'control',
    fields: { steps: count(), samples: count(), testAccuracy: optional(real), testLoss: optional(real) },
    ...none,
  },
  /** A step arrived ahead of its turn: resend from `last + 1`. */
  nack: { code: 13, from: 'server', counts: 'control', fields: { last: count() }, ...none },
  /** A refusal; the sender closes the link after it. */
  error: {
    code: 14,
    from: 'both',
    counts: 'control',
    fields: { code: text, message: text, action: text, step: optional(count()) },
    ...none,
  },
  /** The client leaves on purpose. */
  bye: { code: 15, from: 'client', counts: 'control', fields: {}, ...none },
  /** The round has gone on without the client: it goes back to step `last`, answers, and waits for the next round. */
  release: { code: 19, from: 'server', counts: 'control', fields: { round: count(), last: count() }, ...none },
  /** The answer to a release; the server leaves aside what the client has sent before it. */
  released: { code: 22, from: 'client', counts: 'control', fields: {}, ...none },
  /** U-shaped, the first half of a step: what the server's middle made of the smashed data. */
  middleOutput: {
    code: 17,
    from: 'server',
    counts: 'down',
    fields: { step: count(1) },
    arrays: ['tensors'],
    payload: false,
  },
  /** U-shaped, the second half: the gradient of the client's loss with respect to the middle's outputs. */
  topGradient: {
    code: 18,
    from: 'client',
    counts: 'up',
    fields: { step: count(1), loss: real },
    arrays: ['tensors'],
    payload: false,
  },
  /** Vertical, before training: rows are matched by their ids; see docs/alignment.md. */
  align: {
    code: 28,
    from: 'server',
    counts: 'control',
    fields: {
      samples: oneOf('train', 'test'),
      parties: count(),
      /** The receiver's place among them. */
      party: count(),
      /** Hashed with every id, so that points of two runs cannot be compared. */
      salt: text,
      /** The most points in a message. */
      points: count(1),
    },
    ...none,
  },
  /** From the server: points to blind, or an empty payload that asks for the receiver's own; back: the same blinded. */
  points: {
    code: 29,
    from: 'both',
    counts: 'control',
    /** The party whose ids they stand for, the place of the first among that party's points, and how many it has. */
    fields: { owner: count(), first: count(), total: count() },
    arrays: [],
    payload: true,
  },
  /** Which of the receiver's points all parties have, in the order all share: int32 places among those it sent. */
  common: {
    code: 30,
    from: 'server',
    counts: 'control',
    fields: { first: count(), total: count(1) },
    arrays: [],
    payload: true,
  },
  /** How many of them have come; with the last, the digest of their order by id. */
  aligned: {
    code: 31,
    from: 'client',
    counts: 'control',
    fields: { rows: count(1), digest: optional(text) },
    ...none,
  },
  /** The whole model is at the client, and it has done a step. */
  trained: {
    code: 20,
    from: 'client',
    counts: 'control',
    fields: { step: count(1), samples: count(1), loss: real },
    ...none,
  },
  /** The answer to a step of a client that learns by itself, and to all before it: no gradient comes down. */
  applied: {
    code: 21,
    from: 'server',
    counts: 'control',
    fields: { step: count(1), loss: real },
    ...none,
  },
  /** Opens a link on which a session goes on: how far this side has received, and what it will never ask for again. */
  resume: {
    code: 34,
    from: 'client',
    counts: 'link',
    fields: { session: text, received: count(), digest: text, settled: count() },
    ...none,
  },
  /** The answer to `resume`. What the other side lacks follows. */
  resumed: {
    code: 35,
    from: 'server',
    counts: 'link',
    fields: { received: count(), digest: text, settled: count() },
    ...none,
  },
  /** The sender will never ask again for messages up to this one. */
  settled: { code: 36, from: 'both', counts: 'link', fields: { number: count() }, ...none },
  /** Asks for a sign of life, answered by `settled` at once. */
  ping: { code: 37, from: 'both', counts: 'link', fields: {}, ...none },
  /** What follows on this link was sent when so many messages had been received: who has not sent as many yet waits. */
  after: { code: 38, from: 'both', counts: 'link', fields: { received: count() }, ...none },
  /** The server goes away: come back after so many seconds, there or to another address. */
  away: { code: 39, from: 'server', counts: 'link', fields: { seconds: real, address: optional(text) }, ...none },
  /** Vertical: take the next `steps` steps together with all other parties, the first of them being `step`. */
  joint: {
    code: 24,
    from: 'server',
    counts: 'control',
    fields: { round: count(), step: count(1), steps: count(1) },
    ...none,
  },
} as const satisfies Record<string, MessageDefinition>;

export type MessageName = keyof typeof definitions;
type Definition<N extends MessageName> = (typeof definitions)[N];
type Fields<N extends MessageName> = {
  readonly [F in keyof Definition<N>['fields']]: Definition<N>['fields'][F] extends Field<infer T> ? T : never;
};
type Arrays<N extends MessageName> = Readonly<Record<Definition<N>['arrays'][number], readonly NdArray[]>>;
type Payload<N extends MessageName> = Definition<N>['payload'] extends true
  ? { readonly payload: Uint8Array }
  : unknown;

/** A message by its name, e.g. `Message<'smashed'>`. */
export type Message<N extends MessageName = MessageName> = {
  [M in N]: { readonly type: M } & Fields<M> & Arrays<M> & Payload<M>;
}[N];

/** The definition of a message as plain data, for code that treats all messages alike. */
export function definitionOf(name: MessageName): MessageDefinition {
  return definitions[name];
}

const namesByCode = new Map<number, MessageName>(
  Object.entries(definitions).map(([name, { code }]) => [code, name as MessageName]),
);

export function nameOf(code: number): MessageName | undefined {
  return namesByCode.get(code);
}
