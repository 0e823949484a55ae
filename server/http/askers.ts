import { TandemError } from '../../shared/errors.js';

/** A link that asks for nothing for so long makes way for another. */
const LENT_SECONDS = 15;

interface Asker {
  sinceMs: number;
  readonly cut: () => void;
}

/** A link's place among those that ask for predictions. */
export interface AskersPlace {
  /** It has asked. */
  asked(): void;
  leave(): void;
}

/** Links that ask for predictions: each was sent all weights of the bottom, so there are only so many; a place is lent to who uses it. */
export class Askers {
  /** A map keeps its order: who asked longest ago is first. */
  private readonly open = new Map<object, Asker>();

  constructor(
    private readonly most: number,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Takes a place; over the bound that of the link which has asked for nothing the longest, if that is long. Throws RUN_FULL. */
  enter(cut: () => void): AskersPlace {
    if (this.open.size >= this.most && !this.makeWay()) {
      const what = `${this.most} clients ask for predictions already`;
      throw new TandemError('RUN_FULL', what, 'try again when one has left, or asks for nothing');
    }
    const key = {};
    this.open.set(key, { sinceMs: this.nowMs(), cut });
    return {
      asked: () => {
        // Who had to make way has no place any more.
        if (!this.open.delete(key)) return;
        this.open.set(key, { sinceMs: this.nowMs(), cut });
      },
      leave: () => void this.open.delete(key),
    };
  }

  private makeWay(): boolean {
    const [first] = this.open;
    if (!first) return false;
    const [key, { sinceMs, cut }] = first;
    if (this.nowMs() - sinceMs < 1000 * LENT_SECONDS) return false;
    this.open.delete(key);
    cut();
    return true;
  }
}
