import type { Message } from '../shared/protocol/messages.js';

/** What a trainer needs besides the definition and an engine. */
export interface TrainerOptions {
  readonly seed: number;
  /** The client's place: the stream of its random numbers. */
  readonly client: number;
  /** Most samples in a batch. */
  readonly maxRows: number;
}

/** A step that was done here, with its mean loss before the update, and what the server is told of it. */
export interface Practice<N extends 'smashed' | 'trained'> {
  readonly message: Message<N>;
  readonly loss: number;
}

/** How a step is done without a cut gradient. */
export interface OwnStep {
  /** The bottom is left to the server's cut gradient. */
  readonly aligned: boolean;
  /** The server is told that it is done, and gets no smashed data. */
  readonly isReported: boolean;
}
