import { TandemError } from '../shared/errors.js';
import { peerError } from '../shared/protocol/refusal-message.js';
import type { Message, MessageName } from '../shared/protocol/messages.js';

/**
 * A relay's session with the server, on behalf of one client, as a pure function of events: which messages the server may
 * send when, and which steps its replies belong to. Towards the client, a relay uses the server's own session
 * (server/session/session-reducer.ts).
 */
export interface UpstreamState {
  readonly phase: 'opening' | 'joining' | 'waiting' | 'training' | 'evaluating' | 'inferring' | 'closed';
  readonly role: 'train' | 'infer';
  readonly hasModel: boolean;
  /** The last step whose cut gradient has come. */
  readonly last: number;
  /** The step under way, as it was sent. */
  readonly pending: Message<'smashed'> | null;
  /** The ids of the queries under way, in the order in which they are answered. */
  readonly queries: readonly number[];
}

export type UpstreamInput =
  { readonly kind: 'send'; readonly message: Message } | { readonly kind: 'received'; readonly message: Message };

export type UpstreamEffect =
  | { readonly kind: 'send'; readonly message: Message }
  | { readonly kind: 'welcome'; readonly message: Message<'welcome'> }
  | { readonly kind: 'open-model'; readonly message: Message<'model'> }
  | { readonly kind: 'load-bottom'; readonly message: Message<'bottom'> }
  | { readonly kind: 'train'; readonly message: Message<'train'> }
  | { readonly kind: 'pass-output'; readonly message: Message<'middleOutput'> }
  | { readonly kind: 'learn'; readonly message: Message<'cutGradient'>; readonly request: Message<'smashed'> }
  | { readonly kind: 'release'; readonly message: Message<'release'> }
  | { readonly kind: 'evaluate'; readonly message: Message<'evaluate'> }
  | { readonly kind: 'predicted'; readonly message: Message<'prediction'> }
  | { readonly kind: 'finish'; readonly message: Message<'finished'> }
  /** The server has ended the session with its reason. */
  | { readonly kind: 'refused'; readonly error: TandemError }
  /** The server has broken the rules. */
  | { readonly kind: 'fail'; readonly error: TandemError };

type Step = readonly [UpstreamState, readonly UpstreamEffect[]];

export function initialUpstream(role: 'train' | 'infer'): UpstreamState {
  return { phase: 'opening', role, hasModel: false, last: 0, pending: null, queries: [] };
}

export function reduceUpstream(state: UpstreamState, input: UpstreamInput): Step {
  if (state.phase === 'closed') return [state, []];
  return input.kind === 'send' ? send(state, input.message) : receive(state, input.message);
}

function send(state: UpstreamState, message: Message): Step {
  const effects = [{ kind: 'send', message }] as const;
  switch (message.type) {
    case 'ready':
    case 'bottom':
    case 'evaluated':
      return [{ ...state, phase: 'waiting' }, effects];
    case 'smashed':
      return [{ ...state, pending: message }, effects];
    case 'query':
      return [{ ...state, queries: [...state.queries, message.id] }, effects];
    default:
      return [state, effects];
  }
}

/** The phases in which the server may send each message; a refusal may always come. */
const expected: Partial<Record<MessageName, readonly UpstreamState['phase'][]>> = {
  welcome: ['opening'],
  model: ['joining', 'inferring'],
  bottom: ['waiting', 'inferring'],
  train: ['waiting'],
  middleOutput: ['training'],
  release: ['training'],
  evaluate: ['waiting'],
  prediction: ['evaluating', 'inferring'],
  // The run may end while a client that was too slow still waits for a reply.
  finished: ['waiting', 'training'],
};

function receive(state: UpstreamState, message: Message): Step {
  const phases = expected[message.type];
  if (phases && !phases.includes(state.phase)) return unexpected(state, message, `the session was ${state.phase}`);
  switch (message.type) {
    case 'welcome':
      return [{ ...state, phase: state.role === 'train' ? 'joining' : 'inferring' }, [{ kind: 'welcome', message }]];
    case 'model':
      if (state.hasModel) return unexpected(state, message, 'there is a model already');
      return [{ ...state, hasModel: true }, [{ kind: 'open-model', message }]];
    case 'bottom':
      if (!state.hasModel) return unexpected(state, message, 'there is no model yet');
      // For a client with the role infer, new weights may come instead of a prediction; it then asks again.
      return [{ ...state, queries: state.queries.slice(1) }, [{ kind: 'load-bottom', message }]];
    case 'train':
      return [{ ...state, phase: 'training' }, [{ kind: 'train', message }]];
    case 'middleOutput':
      if (message.step !== state.pending?.step) return unexpected(state, message, `step ${state.last + 1} is next`);
      return [state, [{ kind: 'pass-output', message }]];
    case 'cutGradient':
      return cutGradient(state, message);
    case 'release':
      return [
        { ...state, phase: 'waiting', pending: null },
        [
          { kind: 'send', message: { type: 'released' } },
          { kind: 'release', message },
        ],
      ];
    case 'evaluate':
      return [{ ...state, phase: 'evaluating' }, [{ kind: 'evaluate', message }]];
    case 'prediction': {
      const [due, ...queries] = state.queries;
      if (message.id !== due) return unexpected(state, message, `query ${due ?? 'none'} is under way`);
      return [{ ...state, queries }, [{ kind: 'predicted', message }]];
    }
    case 'finished':
      return [{ ...state, phase: 'closed' }, [{ kind: 'finish', message }]];
    case 'error':
      return [{ ...state, phase: 'closed' }, [{ kind: 'refused', error: peerError(message) }]];
    default:
      return fail(state, `a server does not send '${message.type}'`);
  }
}

function cutGradient(state: UpstreamState, message: Message<'cutGradient'>): Step {
  const { pending } = state;
  if (message.step !== pending?.step) return unexpected(state, message, `step ${state.last + 1} is next`);
  const next = { ...state, last: message.step, pending: null };
  return [next, [{ kind: 'learn', message, request: pending }]];
}

function unexpected(state: UpstreamState, { type }: Message, why: string): Step {
  return fail(state, `the server sent '${type}' while ${why}`);
}

function fail(state: UpstreamState, what: string): Step {
  return [{ ...state, phase: 'closed' }, [{ kind: 'fail', error: new TandemError('BAD_STATE', what) }]];
}
