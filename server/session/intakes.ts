/** Calls back when a message may change the state of the run. */
export interface Intakes {
  takeIn(intake: () => void): Promise<void>;
}

/** Takes messages in without waiting. */
export const atOnce: Intakes = {
  takeIn: (intake) => {
    intake();
    return Promise.resolve();
  },
};
