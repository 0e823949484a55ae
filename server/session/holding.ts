/** What a client holds that may differ from what others do. */
export interface Holding {
  /** How many of its lane's segments it holds itself: where its steps enter the lane. */
  readonly entry: number;
  /** The name of its bottom among the task's further ones; null for the task's own. */
  readonly bottom: string | null;
}

/** What a client holds that asks for nothing else. */
export const usualHolding: Holding = { entry: 0, bottom: null };
