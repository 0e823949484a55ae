import { crashPoints, type CrashPoint } from '../../shared/crash-point.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import type { Crash, Mutant, Victims } from './crash.js';
import { CrashWorld, type WorldResult } from './crash-world.js';
import type { Setting } from './crash-settings.js';
import { keepSessions } from './kept-sessions.js';

/** Steps between checkpoints: an odd number, so that rounds and checkpoints do not keep step. */
const EVERY = 3;
const victims: readonly Victims[] = ['self', 'peer', 'both'];

/** Runs worlds and says what their crashes changed. */
export class CrashTrials {
  private readonly ordered = new Map<string, WorldResult>();

  private constructor(private readonly engines: Readonly<Record<Setting['engine'], Engine>>) {}

  static async open(): Promise<CrashTrials> {
    await keepSessions();
    return new CrashTrials({ tfjs: await chooseEngine('tfjs'), onnx: await chooseEngine('onnx') });
  }

  run({ engine, ...options }: Setting, crashes: readonly Crash[] = [], mutant?: Mutant): Promise<WorldResult> {
    return new CrashWorld(this.engines[engine], options, EVERY, crashes, mutant).run();
  }

  /** What a crash changed, or that it never came; undefined when it changed nothing. */
  async damage(setting: Setting, crash: Crash, expected: WorldResult, mutant?: Mutant): Promise<string | undefined> {
    try {
      const result = await this.run(setting, [crash], mutant);
      if (result.crashes !== 1) return 'it was not reached';
      const same = setting.schedule === 'async' ? await this.inOrder(setting, result) : expected;
      return result.digest !== same.digest || result.steps !== expected.steps ? 'it differs' : undefined;
    } catch (error) {
      return error instanceof Error ? error.message : 'it failed';
    }
  }

  /** Where the order of arrival decides: the same order, undisturbed. */
  private async inOrder({ engine, ...options }: Setting, { order }: WorldResult): Promise<WorldResult> {
    const key = JSON.stringify([engine, options, order]);
    const known = this.ordered.get(key);
    if (known) return known;
    const result = await new CrashWorld(this.engines[engine], options, EVERY, [], {}, order).run();
    this.ordered.set(key, result);
    return result;
  }
}

/** Each point, each time that a run reaches it, with each choice of who is killed there. */
export function crashesOf({ reached }: WorldResult): Crash[] {
  return [...reached].flatMap(([point, count]) =>
    Array.from({ length: count }, (_, i) => victims.map((who) => ({ point, occurrence: i + 1, victims: who }))).flat(),
  );
}

/** Points that have a name and that no run came by. */
export function unreached(runs: Iterable<WorldResult>, points: readonly string[] = crashPoints): string[] {
  const reached = new Set<string>([...runs].flatMap((run) => [...run.reached.keys()] as CrashPoint[]));
  return points.filter((point) => !reached.has(point));
}
