import { TandemError } from '../shared/errors.js';
import type { Message, MessageName } from '../shared/protocol/messages.js';
import { refusedBy } from '../shared/protocol/refusal-message.js';
import { isAligned } from '../shared/protocol/pace.js';
import type { SessionInput, SessionState, Reduced } from './session-state.js';

/**
 * A client's session as a pure function of events. Steps are numbered from 1. Requests under way are kept, so that replies
 * can be checked against them.
 */
export function reduceSession(state: SessionState, input: SessionInput): Reduced {
  if (state.phase === 'closed') return [state, []];
  switch (input.kind) {
    case 'opened':
      return [state, [{ kind: 'send', message: state.hello }]];
    case 'received':
      return receive(state, input.message);
    case 'model-opened':
      return modelOpened({ ...state, holds: input.holds, pace: input.pace }, input);
    case 'smashed': {
      const { message } = input;
      // Loads the next batch while the server computes, also after a turn's last step, as another turn is likely.
      const ahead = { kind: 'load-ahead', step: message.step + 1 } as const;
      return [{ ...state, underWay: [message], gradient: null }, [{ kind: 'send', message }, ahead]];
    }
    case 'practised':
      return practised(state, input.message);
    case 'judged':
      // Until the cut gradient comes the step may be released, so the top is not updated yet.
      return [{ ...state, gradient: input.message }, [{ kind: 'send', message: input.message }]];
    case 'learned':
      return learned(state);
    case 'scored': {
      const answered = state.holds === 'whole' ? state.answered + 1 : state.answered;
      return tested({ ...state, answered, scores: input.scores });
    }
    case 'query': {
      // The next query follows at once, as far as the server allows.
      const [next, effects] = nextQuery({ ...state, asked: state.asked + 1 });
      return [next, [{ kind: 'send', message: input.message }, ...effects]];
    }
    case 'kept':
      return tested(state);
    case 'bottom':
      return [state, [{ kind: 'send', message: input.message }]];
  }
}

/** The phases in which the server may send each message. Middle outputs and cut gradients are checked by their step; a refusal may always come. */
const expected: Partial<Record<MessageName, SessionState['phase']>> = {
  welcome: 'opening',
  model: 'waiting',
  bottom: 'waiting',
  align: 'waiting',
  points: 'waiting',
  common: 'waiting',
  train: 'waiting',
  joint: 'waiting',
  release: 'training',
  evaluate: 'waiting',
  prediction: 'evaluating',
  finished: 'waiting',
};

function receive(state: SessionState, message: Message): Reduced {
  // The run may end while a client that was too slow still trains or evaluates.
  const ends = message.type === 'finished' && (state.phase === 'training' || state.phase === 'evaluating');
  // A client that does not wait for replies may have uploaded its bottom before it reads that its turn is over.
  const late = message.type === 'release' && state.phase === 'waiting';
  const phase = ends || late ? state.phase : (expected[message.type] ?? state.phase);
  if (phase !== state.phase) {
    return fail(state, new TandemError('BAD_STATE', `'${message.type}' came while the session was ${state.phase}`));
  }
  switch (message.type) {
    case 'welcome':
      return [{ ...state, phase: 'waiting', welcome: message }, []];
    case 'model':
      return [state, [{ kind: 'open-model', payload: message.payload }]];
    case 'align':
    case 'points':
    case 'common':
      return [state, [{ kind: 'align', message }]];
    case 'bottom':
      return [state, [{ kind: 'load-bottom', message }]];
    case 'train': {
      const next: SessionState = { ...state, phase: 'training', work: message, stepsLeft: message.steps };
      return [next, learnsAlone(state) ? [] : [{ kind: 'smash', step: state.step + 1 }]];
    }
    case 'joint': {
      const { round, step, steps } = message;
      const work = { type: 'train', round, steps, withOptimizer: false } as const;
      const fresh = { step: step - 1, underWay: [], gradient: null, work, stepsLeft: steps };
      return [{ ...state, ...fresh, phase: 'training' }, [{ kind: 'smash', step }]];
    }
    case 'middleOutput':
      return middleOutput(state, message);
    case 'cutGradient':
      return cutGradient(state, message);
    case 'applied':
      return applied(state, message);
    case 'release': {
      const { last } = message;
      if (last > state.step) {
        const what = `the server expects step ${last + 1}, step ${state.step} is done here`;
        return fail(state, new TandemError('STEP_GAP', what));
      }
      // Steps that the server has not counted are done again; it ignores what came before `released`.
      const next: SessionState = {
        ...state,
        phase: 'waiting',
        step: last,
        underWay: [],
        gradient: null,
        work: null,
        stepsLeft: 0,
      };
      return [next, [{ kind: 'send', message: { type: 'released' } }]];
    }
    case 'evaluate':
      if (message.toPredict && state.predicted)
        return fail(state, new TandemError('BAD_STATE', 'the server asks for predictions of the same rows again'));
      return tested({
        ...state,
        phase: 'evaluating',
        round: message.round,
        asked: 0,
        answered: 0,
        ahead: message.ahead ?? 1,
        predicts: message.toPredict ?? false,
        scores: null,
      });
    case 'prediction': {
      if (state.answered === state.asked || message.id !== state.answered) {
        const due = state.answered === state.asked ? 'none' : String(state.answered);
        return fail(state, new TandemError('BAD_STATE', `a prediction for query ${message.id} came, ${due} is due`));
      }
      const next = { ...state, answered: state.answered + 1 };
      if (state.predicts) return [next, [{ kind: 'keep', message }]];
      return state.holds === 'top' ? [next, [{ kind: 'score', message, first: state.answered === 0 }]] : tested(next);
    }
    case 'finished': {
      // Some party may have left before all rows to predict were answered.
      const owed = (state.toPredict ?? 0) > 0 && !state.predicted;
      const effects = [...(owed ? [givePredictions] : []), { kind: 'finish', message } as const];
      return [{ ...state, phase: 'closed' }, effects];
    }
    case 'error':
      return fail(state, refusedBy(message));
    default:
      return fail(state, new TandemError('BAD_STATE', `a server does not send '${message.type}'`));
  }
}

function modelOpened(state: SessionState, opened: Extract<SessionInput, { kind: 'model-opened' }>): Reduced {
  const { samples, testSamples, toPredict = 0, software = null, names = {} } = opened;
  const batches = (rows: number) => Math.ceil(rows / (state.welcome?.batch ?? 1));
  const rows = { samples, testSamples, ...(toPredict > 0 ? { toPredict } : {}) };
  return [
    { ...state, queries: batches(testSamples), toPredict: batches(toPredict) },
    [{ kind: 'send', message: { type: 'ready', ...rows, software, ...names } }],
  ];
}

const givePredictions = { kind: 'give-predictions' } as const;

/** The middle output of a step: its first half is done. */
function middleOutput(state: SessionState, message: Message<'middleOutput'>): Reduced {
  if (state.holds === 'top' && !state.gradient && message.step === state.underWay[0]?.step)
    return [state, [{ kind: 'judge', message }]];
  return unexpected(state, `the middle output of step ${message.step} came`);
}

function cutGradient(state: SessionState, message: Message<'cutGradient'>): Reduced {
  const { step } = message;
  const request = state.underWay.find((sent) => sent.step === step);
  if (!request) return unexpected(state, `a reply to step ${step} came`);
  if (state.holds === 'top' && !state.gradient) {
    return fail(state, new TandemError('BAD_STATE', `a reply to step ${step} came before its middle output`));
  }
  if (learnsAlone(state) && !isAligned(state.pace, step)) {
    return fail(state, new TandemError('BAD_STATE', `a cut gradient came for step ${step}, which needs none`));
  }
  // A party without features has labels only, or not even those.
  const sent = request.type === 'smashed' ? (request.tensors[0] ?? request.labels[0]) : undefined;
  const samples = (sent ?? state.gradient?.tensors[0])?.shape[0] ?? 0;
  return [state, [{ kind: 'learn', message, samples }]];
}

/** The server has learned from this step and all before it; this client has already. */
function applied(state: SessionState, { step }: Message<'applied'>): Reduced {
  if (!state.underWay.some((sent) => sent.step === step)) return unexpected(state, `a reply to step ${step} came`);
  if (!learnsAlone(state) || isAligned(state.pace, step)) {
    return fail(state, new TandemError('BAD_STATE', `step ${step} came back without its cut gradient`));
  }
  return goOn({ ...state, underWay: state.underWay.filter((sent) => sent.step > step) });
}

function unexpected(state: SessionState, what: string): Reduced {
  const due = state.underWay[0]?.step ?? state.step + 1;
  return fail(state, new TandemError('BAD_STATE', `${what}, step ${due} is next`));
}

function learned(state: SessionState): Reduced {
  const next = { ...state, underWay: [], gradient: null };
  return goOn(learnsAlone(state) ? next : { ...next, step: state.step + 1, stepsLeft: state.stepsLeft - 1 });
}

/** A step that the client has done by itself. */
function practised(state: SessionState, message: Message<'smashed' | 'trained'>): Reduced {
  const { step, stepsLeft, underWay } = state;
  const next = { ...state, step: step + 1, stepsLeft: stepsLeft - 1, underWay: [...underWay, message] };
  return [next, [{ kind: 'send', message }]];
}

/** Begins the next step, or at the end of the turn, once all steps are answered, the upload. */
function goOn(state: SessionState): Reduced {
  if (state.stepsLeft > 0) return [state, learnsAlone(state) ? [] : [{ kind: 'smash', step: state.step + 1 }]];
  if (state.underWay.length > 0) return [state, []];
  // After a turn that fills the pool there is nothing to upload.
  if (state.work?.sends) return [{ ...state, phase: 'waiting' }, []];
  const { round, withOptimizer } = state.work ?? { round: 0, withOptimizer: false };
  return [{ ...state, phase: 'waiting' }, [{ kind: 'upload', round, withOptimizer }]];
}

/** Whether the client learns without cut gradients. */
export function learnsAlone({ holds }: SessionState): boolean {
  return holds === 'whole' || holds === 'auxiliary';
}

/** Reports an evaluation's progress, and goes on with it. */
function tested(state: SessionState): Reduced {
  const [next, effects] = nextQuery(state);
  const isTest = state.queries > 0 && !state.predicts;
  return [next, isTest ? [{ kind: 'tested', batches: state.answered }, ...effects] : effects];
}

/** The next query, as far as the server allows; after the last prediction, the report. */
function nextQuery(state: SessionState): Reduced {
  const { asked, answered, ahead, round, scores, predicts: toPredict = false } = state;
  const queries = toPredict ? (state.toPredict ?? 0) : state.queries;
  if (answered < queries) {
    const mayAsk = state.holds !== 'whole' && asked < queries && asked - answered < ahead;
    return [state, mayAsk ? [{ kind: 'query', batch: asked, ...(toPredict ? { toPredict } : {}) }] : []];
  }
  const report = scores ?? { loss: null, sums: [], confusion: [] };
  const done = { kind: 'send', message: { type: 'evaluated', round, ...report } } as const;
  if (!toPredict) return [{ ...state, phase: 'waiting' }, [done]];
  return [{ ...state, phase: 'waiting', predicted: true }, [givePredictions, done]];
}

function fail(state: SessionState, error: TandemError): Reduced {
  return [{ ...state, phase: 'closed' }, [{ kind: 'fail', error }]];
}
