import { TandemError } from '../../shared/errors.js';

/** A link that has asked for nothing for so long may be ended for another. */
const LENT_SECONDS = 15;

interface Asking {
  sinceMs: number;
  readonly cut: () => void;
}

/** One link with the role infer. */
export interface InferLink {
  /** It has sent a query. */
  asked(): void;
  leave(): void;
}

/** The links with the role infer. Each was sent all weights of the bottom, so their number is bounded, and idle ones are ended for new ones. */
export class InferLinks {
  /** A map keeps its order: the one that has been idle longest is first. */
  private readonly open = new Map<object, Asking>();

  constructor(
    private readonly most: number,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Adds a link; over the bound, the one that has been idle longest is ended for it. Throws RUN_FULL where none has been idle for long. */
  enter(cut: () => void): InferLink {
    if (this.open.size >= this.most && !this.makeWay()) {
      const what = `${this.most} clients ask for predictions already`;
      throw new TandemError('RUN_FULL', what, 'try again when one has left, or asks for nothing');
    }
    const key = {};
    this.open.set(key, { sinceMs: this.nowMs(), cut });
    return {
      asked: () => {
        // It was ended for another.
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
