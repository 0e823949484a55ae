/** How far a client may go on before the server answers, and what the answers bring. */
export interface Pace {
  /** How many of a client's steps may be under way at once. */
  readonly window: number;
  /** Every how many steps of a client the answer is a cut gradient: 1 for each, null for none. */
  readonly alignEvery: number | null;
}

/** The widest window there is: with the whole model at the client, which sends a few numbers a step. */
export const MOST_WINDOW = 32;

/** The client waits for the cut gradient of every step. */
export const stepByStep: Pace = { window: 1, alignEvery: 1 };

/** Whether the answer to a step is a cut gradient. */
export function isAligned({ alignEvery }: Pace, step: number): boolean {
  return alignEvery !== null && step % alignEvery === 0;
}
