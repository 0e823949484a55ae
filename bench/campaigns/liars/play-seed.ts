import type { Engine } from '../../../shared/engine/engine.js';
import { createRng } from '../../../shared/rng.js';
import { knock } from './door.js';
import { MOST_PAUSE_MS, playWithLiars, playWithLyingServer } from './play.js';
import { drawScene } from './scene.js';

/** One run in so many is one with strangers at the door, which takes the time of this machine; of the others, one in so many has a server that lies. */
const [DOOR_EVERY, SERVER_EVERY] = [25, 4];

export interface PlayedSeed {
  readonly scene: string;
  readonly wrong: readonly string[];
  readonly pauseMs: number;
}

/** What a seed is about, in a few words, without playing it: `door`, or who lies in which topology and schedule. */
export function aboutOf(seed: string): string {
  const rng = createRng('about', seed);
  if (rng.int(DOOR_EVERY) === 0) return 'door';
  const { topology, schedule } = drawScene(seed).options as Record<string, string | undefined>;
  return `${rng.int(SERVER_EVERY) === 0 ? 'server' : 'clients'} ${topology} ${schedule}`;
}

/** Plays what a seed is about: the same each time. */
export async function playSeed(seed: string, engine: Engine): Promise<PlayedSeed> {
  const about = aboutOf(seed);
  if (about === 'door') return { scene: 'at the door', wrong: await knock(seed, engine), pauseMs: 0 };
  const play = about.startsWith('server') ? playWithLyingServer : playWithLiars;
  const { scene, wrong, pauseMs } = await play(seed, engine);
  if (pauseMs <= MOST_PAUSE_MS) return { scene, wrong, pauseMs };
  // What a seed computes comes again; what a process does after an hour, such as putting away what nothing needs any more, does not.
  const again = Math.min(pauseMs, (await play(seed, engine)).pauseMs);
  const paused = again > MOST_PAUSE_MS ? [`did not answer for ${Math.round(again)} ms`] : [];
  return { scene, wrong: [...wrong, ...paused], pauseMs: again };
}
