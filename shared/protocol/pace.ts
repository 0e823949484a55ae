/** How many steps a client may have under way, and which replies bring a cut gradient. */
export interface Pace {
  /** How many of a client's steps may be under way at once. */
  readonly window: number;
  /** Every how many steps of a client the answer is a cut gradient: 1 for each, null for none. */
  readonly alignEvery: number | null;
}

/** The widest window, for clients with the whole model, which send a few numbers a step. */
export const MOST_WINDOW = 32;

/** The client waits for the cut gradient of every step. */
export const stepByStep: Pace = { window: 1, alignEvery: 1 };

/** Whether the answer to a step is a cut gradient. */
export function isAligned({ alignEvery }: Pace, step: number): boolean {
  return alignEvery !== null && step % alignEvery === 0;
}
