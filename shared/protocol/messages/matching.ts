import { bytes, count, text, type MessageDefinition } from '../fields.js';
import { limits, textLimits } from '../limits.js';

const party = count(0, limits.parties - 1);
const rows = count(0, limits.samples);

/** Vertical, before training: rows are matched by their ids. */
export const matching = {
  align: {
    code: 28,
    from: 'server',
    counts: 'control',
    meaning: 'Begins the alignment of rows by id; answered by the first `points`.',
    fields: {
      samples: { type: 'choice', options: ['train', 'test'], meaning: 'which rows are matched' },
      parties: { ...count(2, limits.parties), meaning: 'how many parties match theirs' },
      party: { ...party, meaning: "the receiver's place among them, from 0" },
      salt: {
        ...text(textLimits.id),
        meaning: 'hashed with every id; different in every run, so that points of two runs cannot be compared',
      },
      points: {
        ...count(1, limits.samples),
        meaning: 'the most points in a message; all but the last have as many as that',
      },
    },
  },
  points: {
    code: 29,
    from: 'both',
    counts: 'control',
    meaning:
      "From the server: points of another party to blind, or with an empty payload a request for the receiver's own. From the client: the answer, the same fields with blinded points.",
    fields: {
      owner: { ...party, meaning: 'the party whose ids the points stand for' },
      first: { ...rows, meaning: "the place of the first of them among all of that party's" },
      total: {
        ...rows,
        meaning: 'how many that party has, at least 1 where points come; the same in all its messages',
      },
      payload: { ...bytes, meaning: 'u-coordinates on Curve25519, 32 bytes each, canonical, of large order' },
    },
  },
  common: {
    code: 30,
    from: 'server',
    counts: 'control',
    meaning: "Which of the receiver's points all parties have; answered by `aligned`.",
    fields: {
      first: { ...rows, meaning: 'how many have been told before' },
      total: { ...count(1, limits.samples), meaning: 'how many there are' },
      payload: {
        ...bytes,
        meaning:
          'places among the points the receiver sent, int32, little-endian, in an order that is the same for all parties',
      },
    },
  },
  aligned: {
    code: 31,
    from: 'client',
    counts: 'control',
    meaning: 'The answer to `common`.',
    fields: {
      rows: { ...count(1, limits.samples), meaning: 'how many common rows are known now' },
      digest: {
        ...text(textLimits.id),
        optional: true,
        meaning: 'nil until all are known; then the digest of their order, which all share',
      },
    },
  },
} as const satisfies Record<string, MessageDefinition>;
