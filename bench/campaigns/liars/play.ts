import type { Engine } from '../../../shared/engine/engine.js';
import { asTandemError, TandemError } from '../../../shared/errors.js';
import { impossibleFigures, unplainWords } from './possible-figures.js';
import { drawScene, withLyingServer, type Scene } from './scene.js';
import { World, type Ending } from './world.js';
import { WorldClock } from './world-clock.js';

/** Of the world's time, by which a run has ended by its plan or by its deadlines. */
const MOST_SECONDS = 600;
/** Of this machine's time: `/healthz` answers once the event loop turns. */
export const MOST_PAUSE_MS = 1_000;
const MOST_MEGABYTES = 256;
/** A server that lies may let its clients train for as long as it likes: so long is looked at, some thousands of frames. */
const LYING_SECONDS = 5;

export interface Played {
  readonly scene: string;
  readonly wrong: readonly string[];
  readonly pauseMs: number;
  /** How long the run took in its own time. */
  readonly seconds: number;
}

/** A run of honest clients and such as lie, all drawn from a seed, and what did not hold. */
export async function playWithLiars(seed: string, engine: Engine): Promise<Played> {
  const scene = drawScene(seed);
  const clock = new WorldClock();
  const restore = performance.now.bind(performance);
  // Whoever measures time in this process measures the world's.
  performance.now = () => 1000 * clock.seconds;
  const paused = clock.run();
  const world = new World(seed, scene, engine, clock);
  const late = clock.pause(MOST_SECONDS).then(() => 'late' as const);
  try {
    const played = await Promise.race([world.play(), late]);
    const { seconds } = clock;
    clock.stop();
    const pauseMs = await paused;
    const wrong =
      played === 'late'
        ? [`did not end within ${MOST_SECONDS} s: ${world.standing}`]
        : [
            ...ofServer(scene, played.result, played.endings),
            ...played.endings.flatMap((end) => ofClient(end, played.result)),
          ];
    wrong.push(...unplainWords(world.events), ...tooMany(world.events.length, scene));
    const { topology, schedule, aggregation = '' } = scene.options as Record<string, string | undefined>;
    return { scene: [topology, schedule, aggregation, ...world.habits].join(' '), wrong, pauseMs, seconds };
  } finally {
    clock.stop();
    performance.now = restore;
  }

  function ofServer(
    { options, task }: Scene,
    result: Awaited<ReturnType<World['play']>>['result'],
    endings: readonly Ending[],
  ): string[] {
    if (!(result instanceof TandemError)) return impossibleFigures(result, task.batch ?? 0);
    // Every step of a vertical run is one of all parties: who lies can end it, and is named.
    const isBlamed = endings.some(({ role, code }) => role.lies && code !== undefined);
    return options.schedule === 'joint' && isBlamed ? [] : [`the run failed: ${result.line}`];
  }

  function ofClient({ role, how, code }: Ending, result: unknown): string[] {
    if (role.lies || how === 'finished' || how === 'asked' || how === 'found no place') return [];
    if (role.isSpare && (code === 'RUN_FULL' || code === 'RUN_OVER' || code === 'CANCELLED')) return [];
    // The run's own failure, which all are told.
    const isTold = result instanceof TandemError && (how.includes(result.message) || code === 'LINK_LOST');
    if (isTold) return [];
    return [`an honest client${role.party === undefined ? '' : ` (party ${role.party})`}: ${how}`];
  }
}

/** Of a run whose server lies: each client ends with a sentence of its own, on one line, and none breaks. */
export async function playWithLyingServer(seed: string, engine: Engine): Promise<Played> {
  const scene = withLyingServer(drawScene(seed));
  const clock = new WorldClock();
  const restore = performance.now.bind(performance);
  performance.now = () => 1000 * clock.seconds;
  const before = process.memoryUsage().rss;
  const paused = clock.run();
  const world = new World(seed, scene, engine, clock);
  // A server may be silent for as long as it likes; a person leaves.
  const late = clock.pause(LYING_SECONDS).then(() => undefined);
  try {
    const played = await Promise.race([world.play().catch((error: unknown) => asTandemError(error)), late]);
    world.close();
    clock.stop();
    const endings = played && !(played instanceof TandemError) ? played.endings : [];
    const wrong = [...unplainWords(endings)];
    for (const { how, code } of endings)
      if (code === 'INTERNAL' && !isRefused(how)) wrong.push(`a client broke: ${how}`);
    const grown = (process.memoryUsage().rss - before) / 2 ** 20;
    if (grown > MOST_MEGABYTES) wrong.push(`grew by ${Math.round(grown)} MB`);
    const drawn = [scene.options.topology, scene.options.schedule].filter((one) => typeof one === 'string');
    return {
      scene: ['a lying server,', ...drawn, ...world.habits].join(' '),
      wrong,
      pauseMs: await paused,
      seconds: clock.seconds,
    };
  } finally {
    clock.stop();
    performance.now = restore;
  }
}

/** A server that lies may say of itself that it broke. */
function isRefused(how: string): boolean {
  return how.startsWith('the server refused:');
}

/** What is told of a run is in proportion to what is done in it. */
function tooMany(events: number, { roles }: Scene): string[] {
  const most = 2_000 * roles.length;
  return events > most ? [`${events} events were told`] : [];
}
