/** Which segments and which bottom a client holds, where clients may differ. */
export interface Holding {
  /** How many of its lane's segments the client holds itself: its steps enter the lane after them. */
  readonly entry: number;
  /** The name of its bottom among the task's further ones; null for the task's own. */
  readonly bottom: string | null;
}

/** What a client holds unless it asks for something else. */
export const usualHolding: Holding = { entry: 0, bottom: null };
