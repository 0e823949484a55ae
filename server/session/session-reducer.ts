import { checkBatch } from '../../shared/contract.js';
import { TandemError } from '../../shared/errors.js';
import { checkReport } from '../../shared/metrics/reported-scores.js';
import type { Message } from '../../shared/protocol/messages.js';
import { peerError } from '../../shared/protocol/refusal-message.js';
import { askedAbout, beginTest, declared, givenSteps, testedSamples, tookStep } from './claims.js';
import { departureFor, goodbye, linkLost } from './departures.js';
import { expectCut, expectPhase, refuseLabels } from './expectations.js';
import type { SessionInput, SessionState, Step, StepRequest } from './session-state.js';
import { applied, forwarded, heard, topGradient } from './session-steps.js';

/**
 * One client's session at the server as a pure function of events. It checks every message against its state and the
 * contract before anything else sees it, and passes on one step at a time.
 */
export function reduceSession(state: SessionState, input: SessionInput): Step {
  if (state.phase === 'closed') return [state, []];
  switch (input.kind) {
    case 'received':
      try {
        return receive(state, input.message);
      } catch (error) {
        if (error instanceof TandemError) return refuse(state, ofItsStep(error, input.message));
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
      const { round, ahead, toPredict: predicts = false } = input;
      const message: Message = { type: 'evaluate', round, ahead, ...(predicts ? { toPredict: true } : {}) };
      return [
        { ...state, phase: 'evaluating', round, ahead, predicts, claims: beginTest(state.claims) },
        [{ kind: 'send', message }],
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

/** What a client may have sent before it read its `release`. */
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
      return [state, [heard(message)]];
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
      expectRound(state, message);
      return [{ ...state, phase: 'waiting' }, [heard(message)]];
    case 'query':
      expectPhase(state, message, 'evaluating', 'inferring');
      expectAsked(state, message, state.phase === 'evaluating' ? state.ahead : 1);
      expectCut(state, message);
      refuseLabels(state, message.labels);
      return query(state, message);
    case 'evaluated':
      expectPhase(state, message, 'evaluating');
      expectAsked(state, message, 1);
      expectRound(state, message);
      // Nobody judges rows that have no labels.
      checkReport(
        state.predicts ? null : state.rules.report,
        message,
        testedSamples(state.claims, state.rules.contract),
      );
      return [{ ...state, phase: 'waiting' }, [heard(message)]];
    case 'error':
      return [{ ...state, phase: 'closed' }, [{ kind: 'left', why: departureFor(peerError(message)) }]];
    case 'bye':
      return [{ ...state, phase: 'closed' }, [{ kind: 'left', why: goodbye }]];
    default:
      throw new TandemError('BAD_STATE', `a client does not send '${message.type}'`);
  }
}

/** A step. */
function smashed(state: SessionState, message: Message<'smashed'>): Step {
  const { step } = message;
  expectCut(state, message);
  expectNext(state, message);
  const { contract, gradients, pool = false } = state.rules;
  if (pool && !state.sends)
    throw new TandemError('BAD_STATE', `'smashed' came in a turn in which the client learns without the server`);
  refuseLabels(state, message.labels);
  if (!gradients && contract.labels.length > 0 && message.labels.length === 0)
    throw new TandemError('BAD_LABEL', `step ${step} came without labels`);
  const rows = checkBatch(contract, message.tensors, message.labels, 'smashed data');
  const claims = tookStep(state.claims, rows, step);
  return inLine({ ...state, claims }, message, rows);
}

/** Passes a step on at once, or once the steps before it have been answered. */
function inLine(state: SessionState, message: StepRequest, rows: number): Step {
  if (state.pending) return [{ ...state, queued: [...state.queued, message] }, []];
  return [{ ...state, pending: message }, [heard(message, rows)]];
}

/** A step that the client has done by itself. */
function trained(state: SessionState, message: Message<'trained'>): Step {
  const { step, samples, loss } = message;
  const { whole, contract, pool = false } = state.rules;
  if (!whole && !pool)
    throw new TandemError('BAD_STATE', "'trained' came where the client does not hold the whole model");
  if (pool && state.sends) throw new TandemError('BAD_STATE', "'trained' came in a turn that fills the pool");
  expectNext(state, message);
  if (samples > contract.maxRows) {
    throw new TandemError(
      'BAD_SHAPE',
      `step ${step} reports ${samples} samples, from 1 to ${contract.maxRows} are allowed`,
    );
  }
  if (!Number.isFinite(loss)) {
    throw new TandemError('BAD_VALUE', `the loss of step ${step} is ${loss}`);
  }
  const claims = tookStep(state.claims, samples, step);
  return inLine({ ...state, claims }, message, samples);
}

/** Throws STEP_GAP for a step out of order, BAD_STATE for one too many or at another time. Sessions lose and repeat no message, so neither is checked. */
function expectNext(state: SessionState, message: StepRequest): void {
  const { last, pending, queued, stepsLeft, rules } = state;
  expectPhase(state, message, 'training');
  const { step } = message;
  const underWay = pending ? 1 + queued.length : 0;
  if (step !== last + underWay + 1) {
    throw new TandemError('STEP_GAP', `step ${step} came, step ${last + underWay + 1} is next`);
  }
  const { window } = rules.pace;
  if (underWay >= Math.min(window, stepsLeft)) {
    const why = underWay < window ? 'the client was told to stop before it' : `${underWay} may be under way at once`;
    throw new TandemError('BAD_STATE', `step ${step} came, and ${why}`);
  }
}

function query(state: SessionState, message: Message<'query'>): Step {
  const { phase, predicts = false, rules } = state;
  const isPredicting = phase === 'evaluating' && predicts;
  const contract = isPredicting ? { ...rules.contract, labels: [] } : rules.contract;
  const rows = checkBatch(contract, message.tensors, message.labels, 'smashed data');
  const claims = phase === 'evaluating' ? askedAbout(state.claims, rows, isPredicting) : state.claims;
  return [{ ...state, claims, querying: state.querying + 1 }, [heard(message, rows)]];
}

/** Adds the step's number to the error of a message that belongs to a step. */
function ofItsStep(error: TandemError, message: Message): TandemError {
  const { type } = message;
  if (type !== 'smashed' && type !== 'trained' && type !== 'topGradient') return error;
  return new TandemError(error.code, error.message, error.action, message.step, error.row);
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

function expectRound({ round }: SessionState, message: Message<'bottom' | 'evaluated'>): void {
  if (message.round === round) return;
  throw new TandemError('BAD_STATE', `'${message.type}' of round ${message.round} came in round ${round}`);
}

/** Throws BAD_STATE where `most` queries wait for their predictions already. */
function expectAsked({ querying }: SessionState, message: Message, most: number): void {
  if (querying < most) return;
  const what = querying === 1 ? 'the prediction of the query' : `those of the ${querying} queries`;
  throw new TandemError('BAD_STATE', `'${message.type}' came before ${what} under way`);
}
