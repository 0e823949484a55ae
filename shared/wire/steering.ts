/** How near to what the receiver has a sample must be to be left out, as the training loss steers it (SplitCom, 2026). */
export interface Steering {
  /** In hundredths of its length. */
  readonly percent: number;
  /** Running means of the loss: of lately, and of longer ago; null before any loss was heard of. */
  readonly recent: number | null;
  readonly usual: number | null;
}

const begun: Steering = { percent: 5, recent: null, usual: null };
const LEAST = 1;
const MOST = 25;
/** Slowly up, and twice as fast down. */
const UP = 1.02;
const DOWN = 0.96;
/** The share of a new loss in each mean. */
const OF_RECENT = 1 / 8;
const OF_USUAL = 1 / 64;

/** For the next message: more is left out as long as the loss falls, and less where it does not. */
export function steer(before: Steering | null, loss: number | null): Steering {
  const { percent, recent, usual } = before ?? begun;
  if (loss === null) return before ?? begun;
  const next = { recent: mixed(recent, loss, OF_RECENT), usual: mixed(usual, loss, OF_USUAL) };
  const isFirst = recent === null;
  const factor = isFirst ? 1 : next.recent < next.usual ? UP : DOWN;
  return { percent: Math.min(MOST, Math.max(LEAST, percent * factor)), ...next };
}

function mixed(mean: number | null, value: number, share: number): number {
  return mean === null ? value : mean + share * (value - mean);
}
