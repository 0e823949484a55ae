import type { Engine } from '../../shared/engine/engine.js';
import { aroundCalls } from '../helpers/around-calls.js';
import { Killed, type Life } from './life.js';
import { turns, untilIdle } from './world-time.js';

/**
 * What becomes of the second client in the middle of a step: it stops for good, its link open; it says nothing until a deadline has passed and the
 * first client was told what that decided; or it says goodbye.
 */
export type Absence = 'stops' | 'comes back' | 'leaves';

export interface AbsenceOptions {
  readonly second?: Absence | undefined;
  /** How many steps it does before; 1 when left out. */
  readonly secondDoes?: number | undefined;
  readonly topology?: string | undefined;
}

/** Turns in which nothing happens; fewer than a deadline waits for. The second client goes first. */
const [SECOND_IDLE, FIRST_IDLE] = [100, 200];
/** The first client's first step of the second round. */
const NEXT_ROUND = 2;

/** Holds clients up in the middle of a step, so that who is away comes or goes while nothing else can happen: the same each time. */
export class Absences {
  private wentOn = false;
  private readonly leaving = new Map<Life, AbortController>();

  constructor(
    private readonly options: AbsenceOptions,
    private readonly happened: () => number,
  ) {}

  /** Whether a client will not see the end. */
  isGone(index: number): boolean {
    return index === 1 && (this.options.second === 'stops' || this.options.second === 'leaves');
  }

  /** Whether a client has said goodbye in one of its lives. */
  get saidGoodbye(): boolean {
    return [...this.leaving.values()].some(({ signal }) => signal.aborted);
  }

  /** What a life of a client may leave by; undefined where it does not. */
  leave(index: number, life: Life): AbortSignal | undefined {
    if (index !== 1 || this.options.second !== 'leaves') return undefined;
    const controller = new AbortController();
    this.leaving.set(life, controller);
    return controller.signal;
  }

  engine(index: number, engine: Engine, life: Life): Engine {
    const { second, secondDoes = 1, topology } = this.options;
    if (second === undefined) return engine;
    // Between the halves of a step where it has two.
    const [segment, from] = index === 1 ? [topology === 'u-shaped' ? 2 : 0, secondDoes] : [0, NEXT_ROUND];
    return aroundCalls(engine, ({ name, index: of }) => {
      if (name !== 'forward' || of !== segment) return undefined;
      return {
        before: async (_batch, step) => {
          if (Number(step) !== from) return;
          await (index === 1 ? this.holdSecond(second, life) : this.holdFirst(second, life));
          if (!life.alive) throw new Killed();
        },
      };
    });
  }

  private async holdSecond(second: Absence, life: Life): Promise<void> {
    while (second === 'comes back' && life.alive && !this.wentOn) await turns(1);
    await untilIdle(SECOND_IDLE, this.happened, () => life.alive);
    if (second === 'leaves') this.leaving.get(life)?.abort();
    while (second === 'stops' && life.alive) await turns(1);
  }

  private async holdFirst(second: Absence, life: Life): Promise<void> {
    if (second !== 'comes back') return;
    this.wentOn = true;
    await untilIdle(FIRST_IDLE, this.happened, () => life.alive);
  }
}
