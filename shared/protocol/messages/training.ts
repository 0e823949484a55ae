import { bytes, count, flag, real, tensors, type MessageDefinition } from '../fields.js';
import { limits } from '../limits.js';

const step = count(1, limits.steps);
const last = count(0, limits.steps);
const round = count(0, limits.rounds);
const list = tensors(limits.tensors);

/** A turn of a client: weights, steps, weights. */
export const training = {
  bottom: {
    code: 4,
    from: 'both',
    counts: 'weights',
    meaning:
      "Weights of the client's segments, which are the bottom and, where the client has it, the top: what to start from, or what has become of them.",
    fields: {
      round: { ...round, meaning: 'the round it belongs to' },
      updates: {
        ...count(0, limits.totalSteps),
        optional: true,
        meaning: 'updates the optimizer has made, when its state goes along; nil when only the weights travel',
      },
      payload: { ...bytes, meaning: 'the values, see "The payload of a bottom"' },
    },
  },
  train: {
    code: 5,
    from: 'server',
    counts: 'control',
    meaning: 'Train this many steps, then send the bottom back.',
    fields: {
      round: { ...round, meaning: 'to be repeated in the `bottom` that ends the turn' },
      steps: { ...step, meaning: 'how many steps' },
      withOptimizer: { ...flag, meaning: 'whether the bottom is to come with the state of its optimizer' },
      sends: {
        ...flag,
        capability: 'pool',
        meaning:
          'only where the server keeps smashed data: false in a turn in which the client learns and says `trained` of each step; true in one in which it sends `smashed` of each sample once, in the order of its data, while its weights stay, and no `bottom` at the end',
      },
    },
  },
  smashed: {
    code: 6,
    from: 'client',
    counts: 'up',
    meaning: 'One training step: the outputs of the bottom for a batch, and its labels.',
    fields: {
      step: { ...step, meaning: 'the number of the step' },
      tensors: {
        ...list,
        meaning:
          "one for each of the bottom's `outputs`: `[samples, ...shape]`, finite and at most 1e15 in size, at most `batch` samples",
      },
      labels: {
        ...list,
        meaning:
          "one for each of the definition's `labels`: `[samples, ...shape]`, within `min` and `max`; the empty list where the client has the loss",
      },
    },
  },
  cutGradient: {
    code: 7,
    from: 'server',
    counts: 'down',
    meaning: 'The answer to a step.',
    fields: {
      step: { ...step, meaning: 'the step it answers' },
      loss: {
        ...real,
        meaning:
          "the mean loss of the batch and the penalties of the top's layers, before the update; where the client has the loss, what it reported",
      },
      tensors: {
        ...list,
        meaning: 'the gradient of the mean loss with respect to each smashed tensor, in its shape, as float32',
      },
    },
  },
  release: {
    code: 19,
    from: 'server',
    counts: 'control',
    meaning:
      'The round has gone on without the client, which was too slow: it forgets the steps after `last`, whose numbers it uses again, answers with `released`, and waits for its next `train`.',
    fields: {
      round: { ...round, meaning: 'the round that the run has come to' },
      last: { ...last, meaning: 'the last step the server has counted' },
    },
  },
  released: {
    code: 22,
    from: 'client',
    counts: 'control',
    meaning:
      'The answer to `release`. The server leaves aside `smashed`, `trained`, `topGradient` and `bottom` that come before it: they were sent before the client knew.',
    fields: {},
  },
  middleOutput: {
    code: 17,
    from: 'server',
    counts: 'down',
    meaning: 'Where the client has the loss, the answer to `smashed`: the first half of a step.',
    fields: {
      step: { ...step, meaning: 'the step it answers' },
      tensors: {
        ...list,
        meaning: "one for each of the top's `inputs`: `[samples, ...shape]`, the outputs of the server's segments",
      },
    },
  },
  topGradient: {
    code: 18,
    from: 'client',
    counts: 'up',
    meaning: 'The second half of the step; answered by `cutGradient`.',
    fields: {
      step: { ...step, meaning: 'the step under way' },
      loss: {
        ...real,
        meaning:
          "the mean loss of the batch and the penalties of the top's layers, before the update; finite; the server shows it as progress",
      },
      tensors: {
        ...list,
        meaning:
          'the gradient of the mean loss with respect to each tensor of `middleOutput`, in its shape, as float32, finite and at most 1e15 in size',
      },
    },
  },
  trained: {
    code: 20,
    from: 'client',
    counts: 'control',
    meaning: 'The client holds the whole model, or its server keeps a pool, and it has done a step by itself.',
    fields: {
      step: { ...step, meaning: 'the number of the step' },
      samples: { ...count(1, limits.batch), meaning: 'the samples of the batch, at most `batch`' },
      loss: { ...real, meaning: "the mean loss of the batch and the model's penalties, before the update; finite" },
    },
  },
  applied: {
    code: 21,
    from: 'server',
    counts: 'control',
    meaning:
      'The answer to a step of a client that learns by itself: no gradient comes down. It stands for the answers to all steps before it, too.',
    fields: {
      step: { ...step, meaning: 'the step it answers' },
      loss: { ...real, meaning: 'as in `cutGradient`' },
    },
  },
  joint: {
    code: 24,
    from: 'server',
    counts: 'control',
    meaning: 'Vertical, instead of `train`: take the next steps together with all other parties, then send the bottom.',
    fields: {
      round: { ...round, meaning: 'the number of the round' },
      step: {
        ...step,
        meaning:
          'the first of the steps; a party that comes late or was too slow jumps to it, and steps before it are not sent',
      },
      steps: { ...step, meaning: 'how many' },
    },
  },
} as const satisfies Record<string, MessageDefinition>;
