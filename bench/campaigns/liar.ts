import { asTandemError } from '../../shared/errors.js';
import { createRng } from '../../shared/rng.js';
import { Attacker, batch } from './attacks/attacker.js';

type Rng = ReturnType<typeof createRng>;

/** Values of a sample at the cut of the small task. */
const WIDTH = 6;
const COUNTS = [1, 4, 7, 21, 60, 1_000, 1_000_000_000];

/** A client that speaks valid protocol and draws what it claims, sends and does from a seed. Answers how it ended. */
export async function lie(url: string, seed: string, whole: boolean): Promise<string> {
  const rng = createRng('liar', seed);
  try {
    const attacker = await Attacker.join(url);
    if (rng.int(12) === 0) return leave(attacker);
    attacker.say({ type: 'ready', samples: pick(rng, COUNTS), testSamples: pick(rng, [0, 1, 4, 13, 1_000_000_000]) });
    return await play(attacker, rng, whole);
  } catch (error) {
    return asTandemError(error).code;
  }
}

async function play(attacker: Attacker, rng: Rng, whole: boolean): Promise<string> {
  let bottom = new Uint8Array();
  let updates: number | null = null;
  let step = 0;
  for (;;) {
    const message = await attacker.hear();
    if (message.type === 'finished') return message.type;
    if (message.type === 'bottom') [bottom, updates] = [message.payload.slice(), message.updates];
    else if (message.type === 'evaluate') await evaluate(attacker, rng, message.round, whole);
    else if (message.type === 'train') {
      for (let left = Math.min(message.steps, 40); left > 0; left--) {
        if (rng.int(60) === 0) return leave(attacker);
        if (rng.int(20) === 0) await pause(rng.int(40));
        // In order as a rule.
        step += rng.int(50) === 0 ? 2 : 1;
        attacker.say(whole ? { type: 'trained', step, samples: 1 + rng.int(7), loss: value(rng) } : smashed(rng, step));
        await attacker.until(whole ? 'applied' : 'cutGradient');
      }
      if (message.steps > 40) return leave(attacker);
      attacker.say({ type: 'bottom', round: message.round, updates, payload: spoiled(rng, bottom) });
    }
  }
}

function smashed(rng: Rng, step: number) {
  return { type: 'smashed' as const, step, ...batch(1 + rng.int(7), sent(rng), WIDTH) };
}

async function evaluate(attacker: Attacker, rng: Rng, round: number, whole: boolean): Promise<void> {
  for (let id = 0; !whole && id < rng.int(5); id++) {
    attacker.say({ type: 'query', id, ...batch(1 + rng.int(6), sent(rng), WIDTH) });
    await attacker.until('prediction');
  }
  if (!whole) return attacker.say({ type: 'evaluated', round, loss: null, sums: [], confusion: [] });
  attacker.say({ type: 'evaluated', round, loss: value(rng), sums: [Math.abs(value(rng))], confusion: [] });
}

function spoiled(rng: Rng, bottom: Uint8Array): Uint8Array {
  const bytes = bottom.slice();
  const values = new Float32Array(bytes.buffer);
  const factor = value(rng);
  const kind = rng.int(4);
  if (kind === 1) values.forEach((weight, i) => (values[i] = weight * factor));
  if (kind === 2) values.fill(factor);
  if (kind === 3 && values.length > 0) values[rng.int(values.length)] = factor;
  return bytes;
}

/** Of batches: usual ones, and such as no bottom makes. */
function sent(rng: Rng): (place: number) => number {
  const factor = rng.int(3) === 0 ? value(rng) : 1;
  return (place) => factor * Math.sin(place + 1);
}

/** Any size that float32 has. */
function value(rng: Rng): number {
  const sign = rng.int(2) === 0 ? 1 : -1;
  return rng.int(3) === 0 ? sign * rng.float() : sign * rng.float() * 10 ** (rng.int(77) - 38);
}

function pick<T>(rng: Rng, of: readonly T[]): T {
  return of[rng.int(of.length)] as T;
}

function leave(attacker: Attacker): string {
  attacker.leave();
  return 'left';
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
