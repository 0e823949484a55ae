import { describe, expect, it } from 'vitest';
import { JoinedRun } from '../../client/joined.js';
import type { JoinStep, RunOutcome } from '../../client/participate-options.js';
import { TandemError } from '../../shared/errors.js';
import { noBytes } from '../../shared/protocol/byte-meter.js';

const stepOf = (step: number): JoinStep => ({
  run: 'r',
  client: 3,
  step,
  loss: 1 / step,
  samples: 7,
  seen: 7 * step,
  bytes: noBytes,
  sent: 1,
  received: 2,
});
const outcome = {
  steps: 5,
  samples: 35,
  testAccuracy: 0.75,
  testLoss: 0.31,
  seen: 35,
  bytes: noBytes,
  sent: 1,
  received: 2,
} as RunOutcome;

/** A part in a run of so many steps, and what became of it. */
function part(steps: number, { failsAfter = Infinity, waits = false } = {}) {
  const seen = { made: 0, ended: 0 };
  const handle = new JoinedRun(async function* (leave) {
    try {
      for (let step = 1; step <= steps; step++) {
        if (step > failsAfter) throw new TandemError('LINK_LOST', `no link after step ${failsAfter}`);
        // As a client that waits for its server.
        if (waits && step === 3)
          await new Promise((_, reject) =>
            leave.addEventListener('abort', () => reject(new TandemError('CANCELLED', 'gone'))),
          );
        await Promise.resolve();
        seen.made = step;
        yield stepOf(step);
      }
      return outcome;
    } finally {
      seen.ended++;
    }
  });
  return { handle, seen };
}

/** Everything that can happen without being asked for has happened. */
async function quiet() {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

describe('a client that has joined', () => {
  it('trains and tells how the run went without a loop', async () => {
    const { handle, seen } = part(5);
    expect(await handle.finished).toBe(outcome);
    expect(seen).toEqual({ made: 5, ended: 1 });
  });

  it('gives a loop every step, and the outcome besides', async () => {
    const { handle } = part(5);
    const steps: number[] = [];
    for await (const { step } of handle) steps.push(step);
    expect(steps).toEqual([1, 2, 3, 4, 5]);
    expect(await handle.finished).toBe(outcome);
    // Once more, there is nothing left.
    for await (const { step } of handle) steps.push(step);
    expect(steps).toHaveLength(5);
  });

  it('waits for its loop before each step', async () => {
    const { handle, seen } = part(5);
    const loop = handle[Symbol.asyncIterator]();
    await quiet();
    expect(seen.made).toBe(0);
    for (const step of [1, 2]) {
      expect(await loop.next()).toMatchObject({ value: { step } });
      await quiet();
      expect(seen.made).toBe(step);
    }
  });

  it('gives a step that was made before it was asked for to a loop that begins late', async () => {
    const { handle, seen } = part(5);
    await Promise.resolve();
    await Promise.resolve();
    const loop = handle[Symbol.asyncIterator]();
    await quiet();
    const { value } = await loop.next();
    expect(value).toMatchObject({ step: seen.made });
  });

  it('leaves when a loop is left, and says goodbye before the loop goes on', async () => {
    const { handle, seen } = part(5);
    for await (const { step } of handle) if (step === 2) break;
    expect(seen).toEqual({ made: 2, ended: 1 });
    await expect(handle.finished).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it.each(['with', 'without'])('leaves when it is told to, %s a loop', async (how) => {
    const { handle, seen } = part(5, { waits: true });
    const looping = (async () => {
      if (how === 'with') for await (const { step } of handle) expect(step).toBeLessThan(3);
    })();
    looping.catch(() => undefined);
    await quiet();
    await handle.leave();
    expect(seen).toEqual({ made: 2, ended: 1 });
    await expect(handle.finished).rejects.toMatchObject({ code: 'CANCELLED' });
    if (how === 'with') await expect(looping).rejects.toMatchObject({ code: 'CANCELLED' });
    await handle.leave();
  });

  it('leaves from a step that nobody asks after', async () => {
    const { handle, seen } = part(5);
    await handle[Symbol.asyncIterator]().next();
    await handle.leave();
    expect(seen).toEqual({ made: 1, ended: 1 });
    await expect(handle.finished).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('throws in the loop what ended its part, and rejects with it', async () => {
    const { handle } = part(5, { failsAfter: 2 });
    const steps: number[] = [];
    const loop = async () => {
      for await (const { step } of handle) steps.push(step);
    };
    await expect(loop()).rejects.toMatchObject({ code: 'LINK_LOST' });
    expect(steps).toEqual([1, 2]);
    await expect(handle.finished).rejects.toMatchObject({ code: 'LINK_LOST' });
    await expect(loop()).rejects.toMatchObject({ code: 'LINK_LOST' });
  });

  it('is no unhandled rejection where nobody looks', async () => {
    const heard: unknown[] = [];
    const hear = (error: unknown) => heard.push(error);
    process.on('unhandledRejection', hear);
    part(5, { failsAfter: 1 });
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', hear);
    expect(heard).toEqual([]);
  });
});
