import { count, flag, real, tensors, type MessageDefinition } from '../fields.js';
import { limits } from '../limits.js';

const id = count(0, limits.whole);
const round = count(0, limits.rounds);
const list = tensors(limits.tensors);

/** Predictions, evaluations, and the end of a run. */
export const evaluating = {
  evaluate: {
    code: 8,
    from: 'server',
    counts: 'control',
    meaning:
      'Query the server with all your test samples, using the bottom just sent, or your own where it is kept. It comes at the end of a run, and may come between rounds; training then goes on.',
    fields: {
      round: { ...round, meaning: 'to be repeated in `evaluated`' },
      ahead: {
        ...count(1, limits.ahead),
        capability: 'ahead',
        meaning: 'how many queries may be under way at once, which are answered in their order; nil for one',
      },
      toPredict: {
        ...flag,
        capability: 'predictions',
        meaning:
          'vertical: true where it is about the rows to predict of `ready`, once after training: queries then have no labels, only the active party gets outputs, and `evaluated` reports nothing',
      },
    },
  },
  query: {
    code: 9,
    from: 'client',
    counts: 'up',
    meaning: 'Asks for predictions; changes nothing on the server.',
    fields: {
      id: { ...id, meaning: 'any number; the prediction repeats it' },
      tensors: { ...list, meaning: 'as in `smashed`, computed in inference mode' },
      labels: {
        ...list,
        meaning: "as in `smashed`, or the empty list when the loss is not wanted or is the client's",
      },
    },
  },
  prediction: {
    code: 10,
    from: 'server',
    counts: 'down',
    meaning: 'The answer to a query.',
    fields: {
      id: { ...id, meaning: 'that of the query' },
      loss: { ...real, optional: true, meaning: 'the mean loss, where labels were given' },
      tensors: {
        ...list,
        meaning: "the outputs of the whole model; where the client has the top, those of the server's last segment",
      },
    },
  },
  evaluated: {
    code: 11,
    from: 'client',
    counts: 'control',
    meaning: 'All test samples have been queried.',
    fields: {
      round: { ...round, meaning: 'that of `evaluate`' },
      loss: {
        ...real,
        optional: true,
        meaning: "where the client has the loss: its sum over the client's test samples, finite; otherwise nil",
      },
      sums: {
        type: 'list',
        of: real,
        maxItems: limits.sums,
        meaning:
          "likewise, for each of the definition's `metrics` that is a sum over samples, in their order, that sum: of `accuracy` how many samples are right (with several answers a sample, the sum of their shares), of `meanAbsoluteError` the sum of each sample's mean; the others have none",
      },
      confusion: {
        ...list,
        meaning:
          'likewise, int32 tensors where metrics need them, otherwise the empty list: for the confusion matrix `[classes, classes]`, how many labels of a class were taken for which, or else for other metrics of classes `[3, classes]`, the hits, false alarms and misses of each; then for `auc` `[2, 2723]`, how many samples of class 1, and of class 0, have a score in which bin, `round(48 asinh(1024 score))` from -1361 to 1361, larger ones in the outermost',
      },
    },
  },
  finished: {
    code: 12,
    from: 'server',
    counts: 'control',
    meaning:
      'The run is over. Where the session ends with its link the server closes after it; otherwise it closes when the client has said, in `settled` or `resume`, that it has received this too.',
    fields: {
      steps: { ...count(0, limits.totalSteps), meaning: 'steps of all clients' },
      samples: { ...count(0, limits.whole), meaning: 'training samples seen, repeats counted' },
      testAccuracy: {
        ...real,
        optional: true,
        meaning: 'of the model that the run ends with, over the test samples of all clients, if there were any',
      },
      testLoss: { ...real, optional: true, meaning: 'likewise' },
    },
  },
} as const satisfies Record<string, MessageDefinition>;
