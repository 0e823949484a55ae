import { count, text, type MessageDefinition } from '../fields.js';
import { limits, textLimits } from '../limits.js';

const messages = count(0, limits.messages);
const standing = {
  received: messages,
  digest: { ...text(textLimits.id), meaning: 'their digest, 16 hexadecimal digits' },
  settled: messages,
} as const;

/** What keeps a session alive over its links, and what ends one. */
export const linking = {
  error: {
    code: 14,
    from: 'both',
    counts: 'control',
    meaning:
      "A refusal, or a client's reason why it cannot go on; its sender closes the link after it. A client whose data are wrong tells the kind of error and the row, never what is in it. Whoever shows these texts shows them as one plain line.",
    fields: {
      code: { ...text(textLimits.word), meaning: 'a code of the table of refusals' },
      message: { ...text(textLimits.message), meaning: 'what happened, with the value at fault' },
      action: { ...text(textLimits.line), meaning: 'what to do about it' },
      step: {
        ...count(0, limits.steps),
        optional: true,
        meaning: 'the step that was refused, where it was one',
      },
    },
  },
  bye: {
    code: 15,
    from: 'client',
    counts: 'control',
    meaning: 'The client leaves on purpose, not for an error.',
    fields: {},
  },
  resume: {
    code: 34,
    from: 'client',
    counts: 'link',
    meaning: 'The first message of a link on which a session goes on.',
    fields: {
      session: { ...text(textLimits.id), meaning: 'the id that `welcome` gave' },
      received: { ...standing.received, meaning: 'how many numbered messages of this session the client has' },
      digest: standing.digest,
      settled: { ...standing.settled, meaning: 'the client will never ask again for messages up to this one' },
    },
  },
  resumed: {
    code: 35,
    from: 'server',
    counts: 'link',
    meaning: 'The answer to `resume`; what the client lacks follows.',
    fields: {
      received: { ...standing.received, meaning: 'how many numbered messages of this session the server has' },
      digest: standing.digest,
      settled: { ...standing.settled, meaning: 'the server will never ask again for messages up to this one' },
    },
  },
  settled: {
    code: 36,
    from: 'both',
    counts: 'link',
    meaning: 'Sent now and then before a numbered message, so that the other side can forget.',
    fields: { number: { ...messages, meaning: 'the sender will never ask again for messages up to this one' } },
  },
  ping: {
    code: 37,
    from: 'both',
    counts: 'link',
    meaning:
      'Asks for a sign of life, answered by `settled` at once, whatever the session waits for; with the number 0 where the session ends with its link.',
    fields: {},
  },
  after: {
    code: 38,
    from: 'both',
    counts: 'link',
    meaning:
      'About the numbered messages that follow on this link. A server that is about to write a checkpoint sends it too: a client that writes checkpoints does so then, and need not put messages up to `received` into it.',
    fields: {
      received: { ...messages, meaning: 'how many numbered messages its sender had received when it sent them' },
    },
  },
  away: {
    code: 39,
    from: 'server',
    counts: 'link',
    meaning: 'The server goes away and closes the link; the session goes on afterwards.',
    fields: {
      seconds: { type: 'real', min: 0, max: limits.seconds, meaning: 'when to come back' },
      address: {
        ...text(textLimits.message),
        optional: true,
        meaning: 'where to; nil for the address it came from',
      },
    },
  },
} as const satisfies Record<string, MessageDefinition>;
