import { describe, expect, it } from 'vitest';
import { float32 } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import { createRng } from '../../shared/rng.js';
import { SessionWire } from '../../shared/wire/session-wire.js';
import { steer, type Steering } from '../../shared/wire/steering.js';

const rng = createRng('steering', process.env.TANDEM_SEED ?? '23');
/** The threshold after losses that `loss` says by their number. */
const after = (steps: number, loss: (step: number) => number | null, from: Steering | null = null): Steering =>
  Array.from({ length: steps }, (_, step) => step).reduce<Steering | null>(
    (before, step) => steer(before, loss(step)),
    from,
  ) ?? steer(null, null);

describe('a threshold that the loss steers', () => {
  const begun = steer(null, null).percent;

  it('stays where no loss is heard of', () => {
    expect(after(30, () => null).percent).toBe(begun);
  });

  it.each([
    ['smoothly', (step: number) => 3 * 0.98 ** step],
    ['with noise', (step: number) => 3 * 0.97 ** step * (0.8 + 0.4 * rng.float())],
  ])('rises while the loss falls %s, and falls once it does not', (_, loss) => {
    const risen = after(90, loss);
    expect(risen.percent).toBeGreaterThan(2 * begun);
    expect(after(200, (step) => loss(90) * (1 + step / 50), risen).percent).toBeLessThan(begun);
  });

  it('keeps within its bounds, whatever is said to be the loss', () => {
    for (const loss of [(i: number) => -(2 ** i), (i: number) => 2 ** i, (i: number) => (-1) ** i * 1.7e308]) {
      const { percent } = after(1000, loss);
      expect(percent).toBeGreaterThanOrEqual(1);
      expect(percent).toBeLessThanOrEqual(25);
    }
  });
});

describe('delta:auto', () => {
  const rows = 8;
  const start: readonly Message[] = [
    {
      ...{ type: 'welcome', run: 'r', task: 't', session: 's', client: 1, clients: 2, seed: 7, batch: rows },
      ...{ partition: 'iid', limit: null, grace: 0, capabilities: ['codecs'], codecUp: 'delta:auto+int8' },
    },
    {
      ...{ type: 'ready', samples: rows, testSamples: 0, software: null },
      ...{ classes: null, columns: null, coding: null },
    },
  ];
  /** All samples are alike, since each epoch has them in another order. */
  const base = Array.from({ length: 40 }, () => rng.normal());
  const smashed = (step: number): Message<'smashed'> => ({
    type: 'smashed',
    step,
    tensors: [
      float32(
        [rows, 40],
        Float32Array.from({ length: rows * 40 }, (_, i) => (base[i % 40] ?? 0) + 0.08 * rng.normal()),
      ),
    ],
    labels: [],
  });
  const gradient = (step: number, loss: number): Message<'cutGradient'> => ({
    ...{ type: 'cutGradient', step, loss },
    tensors: [float32([rows, 40], new Float32Array(rows * 40))],
  });

  /** The bytes of each message's tensor. Both ends are made again from what they would have written down, where asked. */
  function run(
    lossOf: (step: number) => number,
    isMadeAgain = false,
    seen = Array.from({ length: 80 }, (_, i) => smashed(i + 1)),
  ) {
    let [client, server] = [new SessionWire(), new SessionWire()];
    const carry = (message: Message, from: SessionWire, to: SessionWire) => {
      const packed = from.pack(message);
      to.unpack(packed);
      return packed;
    };
    start.forEach((message, i) => carry(message, i === 0 ? server : client, i === 0 ? client : server));
    const sizes = seen.map((message, i) => {
      const packed = carry(message, client, server) as Message<'smashed'>;
      carry(gradient(i + 1, lossOf(i)), server, client);
      if (isMadeAgain) [client, server] = [client, server].map((end) => again(end)) as [SessionWire, SessionWire];
      expect(client.sent).toEqual({ ...server.received });
      return packed.tensors[0]?.data.byteLength ?? 0;
    });
    return { sizes, sent: client.sent };
  }
  const again = ({ terms, sent, received }: SessionWire) =>
    new SessionWire(structuredClone({ terms, sentWire: sent, receivedWire: received }));

  it('sends less as long as the loss falls, and all that has moved where it grows', () => {
    const [falling, growing] = [run((step) => 2 * 0.97 ** step), run((step) => 1 + step / 10)];
    const last = ({ sizes }: { sizes: number[] }) => sizes.slice(-20).reduce((sum, each) => sum + each, 0);
    expect(last(falling)).toBeLessThan(0.5 * last(growing));
  });

  it('goes on from what was written down after any step', () => {
    const said = Array.from({ length: 40 }, (_, i) => smashed(i + 1));
    const loss = (step: number) => (step < 30 ? 2 * 0.97 ** step : 3);
    expect(run(loss, true, said)).toEqual(run(loss, false, said));
  });
});
