import { checkBatch } from '../../shared/contract.js';
import { TandemError } from '../../shared/errors.js';
import { checkReport } from '../../shared/metrics/reported-scores.js';
import type { Message } from '../../shared/protocol/messages.js';
import { askedAbout, beginTest, declared, givenSteps, testedSamples } from './claims.js';
import { departureFor, goodbye, linkLost, toldBy } from './departures.js';
import { expectCut, expectPhase, refuseLabels } from './expectations.js';
import { topGradient, forwarded } from './half-steps.js';
import type { SessionInput, SessionState, Step } from './session-state.js';
import { applied, smashed, trained } from './session-steps.js';

/**
 * One client's session at the server as a pure function of events. It checks every message against the state and the
 * contract before anything else sees it; of steps only the next one is passed on.
 */
export function reduceSession(state: SessionState, input: SessionInput): Step {
  if (state.phase === 'closed') return [state, []];
  switch (input.kind) {
    case 'received':
      try {
        return receive(state, input.message);
      } catch (error) {
        if (error instanceof TandemError) return refuse(state, error);
        throw error;
      }
    case 'contracted':
      return [{ ...state, rules: input.rules }, []];
    case 'accepted':
      return [{ ...state, phase: input.role === 'train' ? 'joining' : 'inferring' }, []];
    case 'train': {
      const { round, steps, withOptimizer, sends = false } = input;
      const { contract, pool = false } = state.rules;
      const claims = givenSteps(state.claims, steps, contract.maxRows);
      const next: SessionState = { ...state, phase: 'training', round, stepsLeft: steps, claims, sends };
      const message: Message = { type: 'train', round, steps, withOptimizer, ...(pool ? { sends } : {}) };
      return [next, [{ kind: 'send', message }]];
    }
    case 'joint': {
      const { round, step, steps } = input;
      const fresh = { ...nothingUnderWay, last: step - 1 };
      const next: SessionState = { ...state, ...fresh, phase: 'training', round, stepsLeft: steps };
      return [next, [{ kind: 'send', message: { type: 'joint', round, step, steps } }]];
    }
    case 'forwarded':
      return forwarded(state, input.outputs);
    case 'applied':
      return applied(state, input.loss, input.cutGradient);
    case 'release':
      return [
        { ...state, ...nothingUnderWay, phase: 'waiting', stepsLeft: 0, draining: true },
        [{ kind: 'send', message: { type: 'release', round: input.round, last: state.last } }],
      ];
    case 'evaluate': {
      const { round, ahead } = input;
      return [
        { ...state, phase: 'evaluating', round, ahead, claims: beginTest(state.claims) },
        [{ kind: 'send', message: { type: 'evaluate', round, ahead } }],
      ];
    }
    case 'weights':
    case 'predicted':
      return [{ ...state, querying: Math.max(0, state.querying - 1) }, [{ kind: 'send', message: input.message }]];
    case 'closed':
      return [{ ...state, phase: 'closed' }, [{ kind: 'left', why: input.why ?? linkLost }]];
  }
}

const nothingUnderWay = { pending: null, queued: [], output: null } as const;

/** What a client may have sent before it read that its turn has gone on without it. */
const ofTheTurn: readonly Message['type'][] = ['smashed', 'trained', 'topGradient', 'bottom'];

function receive(state: SessionState, message: Message): Step {
  if (state.draining && ofTheTurn.includes(message.type)) return [state, []];
  switch (message.type) {
    case 'hello':
      expectPhase(state, message, 'opening');
      return [state, [{ kind: 'admit', hello: message }]];
    case 'ready':
      expectPhase(state, message, 'joining');
      return [{ ...state, phase: 'waiting', claims: declared(state.claims, message) }, [{ kind: 'ready', message }]];
    case 'points':
    case 'aligned':
      expectPhase(state, message, 'joining');
      return [state, [{ kind: 'matching', message }]];
    case 'smashed':
      return smashed(state, message);
    case 'trained':
      return trained(state, message);
    case 'released':
      if (!state.draining) throw new TandemError('BAD_STATE', "'released' came without a release");
      return [{ ...state, draining: false }, []];
    case 'topGradient':
      return topGradient(state, message);
    case 'bottom':
      expectPhase(state, message, 'uploading');
      if (message.round !== state.round) {
        throw new TandemError('BAD_STATE', `a bottom of round ${message.round} came in round ${state.round}`);
      }
      return [{ ...state, phase: 'waiting' }, [{ kind: 'bottom', message }]];
    case 'query':
      expectPhase(state, message, 'evaluating', 'inferring');
      expectAsked(state, message, state.phase === 'evaluating' ? state.ahead : 1);
      expectCut(state, message);
      refuseLabels(state, message.labels);
      return query(state, message);
    case 'evaluated':
      expectPhase(state, message, 'evaluating');
      expectAsked(state, message, 1);
      checkReport(state.rules.report, message, testedSamples(state.claims, state.rules.contract));
      return [{ ...state, phase: 'waiting' }, [{ kind: 'evaluated', message }]];
    case 'error':
      return [{ ...state, phase: 'closed' }, [{ kind: 'left', why: departureFor(toldBy(message)) }]];
    case 'bye':
      return [{ ...state, phase: 'closed' }, [{ kind: 'left', why: goodbye }]];
    default:
      throw new TandemError('BAD_STATE', `a client does not send '${message.type}'`);
  }
}

function query(state: SessionState, message: Message<'query'>): Step {
  const { contract } = state.rules;
  const rows = checkBatch(contract, message.tensors, message.labels, 'smashed data');
  const claims = state.phase === 'evaluating' ? askedAbout(state.claims, rows) : state.claims;
  return [{ ...state, claims, querying: state.querying + 1 }, [{ kind: 'query', message }]];
}

function refuse(state: SessionState, error: TandemError): Step {
  return [
    { ...state, phase: 'closed' },
    [
      { kind: 'refuse', error },
      { kind: 'left', why: departureFor(error) },
    ],
  ];
}

/** Throws BAD_STATE where so many queries wait for their predictions. */
function expectAsked({ querying }: SessionState, message: Message, most: number): void {
  if (querying < most) return;
  const what = querying === 1 ? 'the prediction of the query' : `those of the ${querying} queries`;
  throw new TandemError('BAD_STATE', `'${message.type}' came before ${what} under way`);
}
