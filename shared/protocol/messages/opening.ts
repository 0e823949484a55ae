import { bytes, count, flag, text, type MessageDefinition } from '../fields.js';
import { limits, textLimits } from '../limits.js';

const names = { type: 'list', of: text(textLimits.word), maxItems: limits.capabilities } as const;
const codec = { ...text(textLimits.line), capability: 'codecs' } as const;
const meant = { type: 'list', of: text(textLimits.name), maxItems: limits.names, capability: 'names' } as const;

/** How a client and a server begin. */
export const opening = {
  hello: {
    code: 1,
    from: 'client',
    counts: 'control',
    meaning: 'Opens the session; the first message of every client.',
    fields: {
      role: {
        type: 'choice',
        options: ['train', 'infer'],
        meaning: 'whether it takes part in training, or only asks for predictions',
      },
      shard: {
        type: 'pair',
        of: count(0, limits.clients),
        optional: true,
        meaning: '`[index, count]`: the place in the run it asks for; nil takes the first free one',
      },
      party: {
        ...text(textLimits.word),
        optional: true,
        meaning: 'vertical: which party it is, `active` or the number of a passive one from 0; otherwise nil',
      },
      engine: { ...text(textLimits.line), meaning: 'what it computes with, for people' },
      resumes: { ...flag, meaning: 'whether it can go on with its session over another link' },
      segments: {
        ...count(1, limits.segments),
        optional: true,
        meaning:
          'how many segments it wants to hold, from the bottom up; nil for as many as the topology gives it; refused with `BAD_OPTION` where the run gives another number',
      },
      bottom: {
        ...text(textLimits.name),
        optional: true,
        meaning:
          "the name of the bottom it wants to hold among the task's further ones; nil, or `default`, for the task's own; refused with `BAD_OPTION` where the run has none of that name",
      },
      capabilities: { ...names, meaning: 'the capabilities it has; names that the server does not know are ignored' },
    },
  },
  welcome: {
    code: 2,
    from: 'server',
    counts: 'control',
    meaning: 'Lets the client in and tells it about the run.',
    fields: {
      run: { ...text(textLimits.id), meaning: 'the id of the run' },
      task: { ...text(textLimits.name), meaning: 'the name of the task' },
      session: {
        ...text(textLimits.id),
        meaning: "the id of this session; who knows it can take the session over, so it is nobody else's business",
      },
      client: { ...count(0, limits.clients), meaning: "the client's place among the clients of the run, from 0" },
      clients: { ...count(1, limits.clients), meaning: 'how many clients the run has' },
      seed: { ...count(0, limits.whole), meaning: "the run's seed, for shuffling and for random layers" },
      batch: { ...count(1, limits.batch), meaning: 'the most samples in one message' },
      partition: {
        ...text(textLimits.name),
        meaning:
          "how clients that hold everybody's data and asked for a shard deal them: `iid`, `shards:N`, `dirichlet:ALPHA`; others take no notice",
      },
      limit: {
        ...count(1, limits.samples),
        optional: true,
        meaning: 'how many training samples are dealt; nil for all',
      },
      grace: {
        type: 'real',
        min: 0,
        max: limits.seconds,
        meaning:
          'seconds for which the session outlives its link; 0 where it ends with it, as it does unless `hello.resumes`',
      },
      capabilities: { ...names, meaning: 'those of `hello.capabilities` that the server has too' },
      codecUp: {
        ...codec,
        meaning: 'how float32 tensors of `smashed`, `query` and `topGradient` are coded; nil for as they are',
      },
      codecDown: {
        ...codec,
        meaning: 'how those of `cutGradient` and `middleOutput` are; those of `prediction` are then coded as fp16',
      },
      codecWeights: { ...codec, meaning: 'how the payload of a `bottom` is that has no state of an optimizer' },
    },
  },
  model: {
    code: 3,
    from: 'server',
    counts: 'weights',
    meaning: "The definition of the client's segments.",
    fields: {
      payload: {
        ...bytes,
        meaning: 'the model definition, see "The model definition", at most what one message may hold',
      },
    },
  },
  ready: {
    code: 16,
    from: 'client',
    counts: 'control',
    meaning: "The client has opened the model and its data fit; only now it counts as one of the run's clients.",
    fields: {
      samples: { ...count(1, limits.samples), meaning: 'training samples the client uses' },
      testSamples: { ...count(0, limits.samples), meaning: 'test samples it has' },
      toPredict: {
        ...count(0, limits.samples),
        capability: 'predictions',
        meaning:
          'vertical: rows that it gives its columns of, to be predicted to the active party after training; as many at all parties; nil for none',
      },
      software: {
        ...text(textLimits.line),
        capability: 'software',
        meaning: 'the Tandem and what it runs on, for the log of whoever runs the server',
      },
      classes: {
        ...meant,
        meaning: "the class of each label number, in the run's order where the definition's `names` have one",
      },
      columns: { ...meant, meaning: 'the columns of its table in the order of the input, likewise' },
      coding: {
        ...text(textLimits.id),
        capability: 'names',
        meaning: 'a digest of how these columns become numbers, where a schema says so',
      },
    },
  },
} as const satisfies Record<string, MessageDefinition>;
