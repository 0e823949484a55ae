/**
 * Upper bounds of the numbers in messages, in one place, since numbers are looped over, multiplied and allocated for. They are far above what a run
 * can have, and far below what overflows.
 */
export const limits = {
  /** Clients of a run. */
  clients: 1_000_000,
  /** Samples of one client, or of a data set that is dealt. */
  samples: 1_000_000_000,
  /** Samples in one message. */
  batch: 1_000_000,
  /** Steps of one client through a run. */
  steps: 1_000_000_000,
  rounds: 1_000_000_000,
  /** Steps of all clients, and updates of an optimizer that is handed from client to client. */
  totalSteps: 1_000_000_000_000_000,
  /** Samples seen by all clients, repeats counted; also what nobody computes with, such as a seed or the id of a query. */
  whole: Number.MAX_SAFE_INTEGER,
  /** Numbered messages of one session in one direction. */
  messages: 1_000_000_000_000,
  /** A timer holds 24 days; this is eleven and a half. */
  seconds: 1_000_000,
  segments: 256,
  /** Parties of a vertical run whose rows are matched. */
  parties: 64,
  /** Bytes of one message: a buffer of any side holds no more. A server refuses to start a run that would need more. */
  messageBytes: 2 ** 31 - 1,
  /** Tensors in a list, and dimensions of one. */
  tensors: 16,
  rank: 8,
  /** Sums that a client reports of an evaluation. */
  sums: 16,
  /** Queries of an evaluation that may be under way at once. */
  ahead: 64,
  /** Classes or columns that a client names: both, and all else of its message, fit a header. */
  names: 100,
  /** Capabilities in a list. */
  capabilities: 32,
} as const;

/** The most characters of a text, in UTF-16 code units. Those of an `error` fit its header together, whatever they hold. */
export const textLimits = {
  /** An id, a digest or a salt. */
  id: 128,
  /** A name that the people of a run have given. */
  name: 256,
  /** A word of this protocol. */
  word: 40,
  /** What is said for people. */
  line: 300,
  /** What happened. */
  message: 900,
} as const;
