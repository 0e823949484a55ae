import { describe, expect, it } from 'vitest';
import { participate, type JoinStep, type RunOutcome } from '../../client/participate.js';
import { Tally } from '../../client/tally.js';
import { createHost } from '../../server/create-host.js';
import { resolveRun } from '../../shared/config.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { ByteMeter } from '../../shared/protocol/byte-meter.js';
import { loopbackPair } from '../../shared/transport/loopback.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

async function course(schedule: string): Promise<{ steps: JoinStep[]; outcome: RunOutcome }> {
  const engine = await chooseEngine('tfjs');
  const settings = resolveRun(tinyTask, { schedule, epochs: 1, seed: 3 });
  const host = await createHost({ task: tinyTask, settings, engine, transport: 'loopback' });
  const [client, server] = loopbackPair();
  void host.accept(server);
  const taking = participate({ transport: client, data: tinyData(), engine });
  const steps: JoinStep[] = [];
  for (;;) {
    const next = await taking.next();
    if (next.done) return { steps, outcome: next.value };
    steps.push(next.value);
  }
}

describe('what a client is told of its own part', () => {
  it.each(['splitfed-v2', 'fedavg'])('has the bytes of the test, and the weights: %s', async (schedule) => {
    const { steps, outcome } = await course(schedule);
    expect(steps.at(-1)?.seen).toBe(41);
    // The test comes after the last step, and under fedavg nothing but weights and reports is ever sent.
    expect(outcome.sent).toBeGreaterThan(steps.at(-1)?.sent ?? Infinity);
    expect(outcome.sent).toBeGreaterThan(500);
    expect(outcome.sent + outcome.received).toBe(outcome.bytes.total);
  });

  it('goes on after a checkpoint, and does not begin anew', () => {
    const [first, second] = [new ByteMeter(), new ByteMeter()];
    const before = new Tally(first);
    first.add({ type: 'release', round: 3, last: 7 }, 19, 'sent');
    first.add({ type: 'settled', number: 3 }, 43, 'received');
    before.add(64);
    const after = new Tally(second, before.spent);
    second.add({ type: 'release', round: 3, last: 9 }, 23, 'sent');
    second.add({ type: 'cutGradient', step: 3, loss: 0.5, tensors: [] }, 31, 'received');
    after.add(17);
    const { seen, sent, received, bytes } = after.spent;
    expect({ seen, sent, received, total: bytes.total }).toEqual({ seen: 81, sent: 42, received: 31, total: 73 });
  });
});
