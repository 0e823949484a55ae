import { crashPoints, type CrashPoint } from '../../shared/crash-point.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import type { Crash, Mutant, Victims } from './crash.js';
import { CrashWorld } from './crash-world.js';
import type { WorldResult } from './world-result.js';
import type { Setting } from './crash-settings.js';
import { keepSessions, type KeptSessions } from './kept-sessions.js';
import { createRng } from '../../shared/rng.js';

/** Steps between checkpoints: an odd number, so that rounds and checkpoints do not keep step. */
const EVERY = 3;
const victims: readonly Victims[] = ['self', 'peer', 'both'];

/** Runs worlds and says what their crashes changed. */
export class CrashTrials {
  private readonly known = new Map<string, WorldResult>();

  private constructor(
    private readonly engines: Readonly<Record<Setting['engine'], Engine>>,
    /** What the compiled engine was spared. */
    readonly sessions: KeptSessions,
  ) {}

  static async open(): Promise<CrashTrials> {
    const sessions = await keepSessions();
    return new CrashTrials({ tfjs: await chooseEngine('tfjs'), onnx: await chooseEngine('onnx') }, sessions);
  }

  run({ engine, ...options }: Setting, crashes: readonly Crash[] = [], mutant?: Mutant): Promise<WorldResult> {
    return new CrashWorld(this.engines[engine], options, EVERY, crashes, mutant).run();
  }

  /** What a crash changed, or that it never came; undefined when it changed nothing. */
  async damage(setting: Setting, crash: Crash, expected: WorldResult, mutant?: Mutant): Promise<string | undefined> {
    try {
      const result = await this.run(setting, [crash], mutant);
      if (result.crashes !== 1) return 'it was not reached';
      const same = await this.likeIt(setting, result, expected);
      return result.digest !== same.digest || result.steps !== same.steps ? 'it differs' : undefined;
    } catch (error) {
      return error instanceof Error ? error.message : 'it failed';
    }
  }

  /** The undisturbed run that a crashed one must be like: where the order of arrival decides, that of the same order; where a client left, that in which it did as much before. */
  private async likeIt(setting: Setting, { order, secondDid }: WorldResult, usual: WorldResult): Promise<WorldResult> {
    if (setting.second === 'leaves') return this.undisturbed({ ...setting, secondDoes: secondDid }, []);
    return setting.schedule === 'async' ? this.undisturbed(setting, order) : usual;
  }

  private async undisturbed({ engine, ...options }: Setting, order: readonly number[]): Promise<WorldResult> {
    const key = JSON.stringify([engine, options, order]);
    const known = this.known.get(key);
    if (known) return known;
    const result = await new CrashWorld(this.engines[engine], options, EVERY, [], {}, order).run();
    this.known.set(key, result);
    return result;
  }
}

/** Each point, each time that a run reaches it, with each choice of who is killed there. */
export function crashesOf({ reached }: Pick<WorldResult, 'reached'>): Crash[] {
  return [...reached].flatMap(([point, count]) =>
    Array.from({ length: count }, (_, i) => victims.map((who) => ({ point, occurrence: i + 1, victims: who }))).flat(),
  );
}

/** One in `share` of them by a seed: of each point, with each choice of who is killed there, and never none of it. */
export function shareOf(crashes: readonly Crash[], share: number, ...seed: readonly string[]): Crash[] {
  const alike = new Map<string, number[]>();
  crashes.forEach(({ point, victims: who }, i) => {
    const key = `${point} ${who}`;
    alike.set(key, [...(alike.get(key) ?? []), i]);
  });
  const rng = createRng('share of crashes', ...seed);
  const chosen = [...alike.values()].flatMap((places) => {
    const drawn = [...rng.permutation(places.length)].slice(0, Math.ceil(places.length / share));
    return drawn.map((i) => places[i]);
  });
  const isChosen = new Set(chosen);
  return crashes.filter((_, i) => isChosen.has(i));
}

/** Points that have a name and that no run came by. */
export function unreached(runs: Iterable<WorldResult>, points: readonly string[] = crashPoints): string[] {
  const reached = new Set<string>([...runs].flatMap((run) => [...run.reached.keys()] as CrashPoint[]));
  return points.filter((point) => !reached.has(point));
}
