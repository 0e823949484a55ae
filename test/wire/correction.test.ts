import { describe, expect, it } from 'vitest';
import { resolveRun } from '../../shared/config.js';
import { float32 } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import { createRng } from '../../shared/rng.js';
import { mnist } from '../../shared/tasks/mnist.js';
import { codecRegistry } from '../../shared/wire/codec-registry.js';
import { SessionWire } from '../../shared/wire/session-wire.js';

const rng = createRng('correction', process.env.TANDEM_SEED ?? '29');
const [rows, width] = [6, 20];
const made = (size = 1) =>
  float32(
    [rows, width],
    Float32Array.from({ length: rows * width }, () => size * rng.normal()),
  );
const welcome = (codecUp: string | null, codecDown: string | null = null): Message => ({
  ...{ type: 'welcome', run: 'r', task: 't', session: 's', client: 1, clients: 2, seed: 7, batch: rows },
  ...{ partition: 'iid', limit: null, grace: 0, capabilities: ['codecs'], codecUp, codecDown },
});
const again = ({ terms, sent, received }: SessionWire) =>
  new SessionWire(structuredClone({ terms, sentWire: sent, receivedWire: received }));

/** What goes out, what the other side makes of it, and the gradient as it is learned from. Both ends may be made again before it comes back. */
function step(
  codec: string,
  { pair = ['smashed', 'cutGradient'], tensor = made(), gradient = made(0.01), isMadeAgain = false, answers = 5 } = {},
) {
  const isUp = pair[0] === 'smashed';
  let [sender, receiver] = [new SessionWire(), new SessionWire()];
  const begin = isUp ? welcome(codec) : welcome(null, codec);
  for (const end of [sender, receiver]) end.unpack(begin);
  const said = { type: pair[0], step: 5, tensors: [tensor], labels: [] } as unknown as Message<'smashed'>;
  const heard = receiver.unpack(sender.pack(said)) as Message<'smashed'>;
  if (isMadeAgain) [sender, receiver] = [again(sender), again(receiver)];
  const back = { type: pair[1], step: answers, loss: 0.5, tensors: [gradient] } as unknown as Message<'cutGradient'>;
  const learned = sender.unpack(receiver.pack(back)) as Message<'cutGradient'>;
  return {
    said: tensor.data,
    heard: heard.tensors[0]?.data ?? [],
    gradient: gradient.data,
    learned: learned.tensors[0],
  };
}

describe('gradient correction', () => {
  it.each([
    ['correct:0.7+int3', ['smashed', 'cutGradient'], false],
    ['correct:3+pq:4', ['smashed', 'cutGradient'], false],
    ['correct:0.7+topk:20+int4', ['smashed', 'cutGradient'], true],
    ['correct:2+int3', ['middleOutput', 'topGradient'], true],
  ])('%s: adds lambda times what %j lost, by sample, also after a crash: %s', (codec, pair, isMadeAgain) => {
    const lambda = Number(/:([\d.]+)/.exec(codec)?.[1]);
    const { said, heard, gradient, learned } = step(codec, { pair, isMadeAgain });
    expect(heard).not.toEqual(said);
    learned?.data.forEach((value: number, i: number) => {
      const lost = (said[i] ?? NaN) - (heard[i] ?? NaN);
      expect(value).toBeCloseTo((gradient[i] ?? NaN) + (lambda / rows) * lost, 5);
    });
  });

  it.each([
    ['int3', {}],
    ['correct:0.7+int3', { answers: 6 }],
    ['correct:0.7+int3', { gradient: float32([rows, 2], new Float32Array(2 * rows)) }],
    ['correct:0.7+int3', { tensor: float32([rows, width], new Float32Array(rows * width).fill(NaN)) }],
  ])('%s leaves the gradient as it is: %j', (codec, options) => {
    const { gradient, learned } = step(codec, options);
    expect(learned?.data).toEqual(gradient);
  });

  it('keeps what it makes finite', () => {
    const tensor = float32(
      [rows, width],
      Float32Array.from({ length: rows * width }, (_, i) => (i % 7 ? 1e38 : -3e38)),
    );
    const gradient = float32([rows, width], new Float32Array(rows * width).fill(3e38));
    const { learned } = step('correct:1000+int2', { tensor, gradient });
    expect(learned?.data.every((value: number) => Number.isFinite(value))).toBe(true);
  });

  it.each(['correct', 'correct:0', 'correct:-1', 'correct:1001', 'correct:1+correct:2+int4', 'int4+correct:1'])(
    '%s is no codec',
    (name) => {
      expect(() => codecRegistry().find(name)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }));
    },
  );

  it.each([
    [{ codecWeights: 'correct:0.3+int8' }, 'codecWeights = correct:0.3+int8 corrects gradients, and none comes back'],
    [{ codecDown: 'correct:0.3+int4' }, 'only under a U-shaped topology'],
    [{ codecDown: { ...codecRegistry().find('int3'), name: 'own', correction: 2 } }, 'codecDown = own'],
    [{ codecUp: 'correct:2+pq:4', schedule: 'local-loss' }, 'here none comes back for smashed data'],
    [{ codecUp: 'correct:2+pq:4', schedule: 'fedavg' }, 'here none comes back for smashed data'],
  ] as const)('%o is refused: there is nothing to correct', (options, why) => {
    const refusal = expect.objectContaining({
      code: 'BAD_OPTION',
      message: expect.stringContaining(why) as string,
    }) as Error;
    expect(() => resolveRun(mnist, options)).toThrow(refusal);
  });

  it.each([
    { codecUp: 'correct:2+pq:4', schedule: 'local-loss', alignEvery: 3 },
    { codecUp: 'correct:0.3+int8', topology: 'u-shaped', codecDown: 'correct:0.3+int4' },
    { codecWeights: { ...codecRegistry().find('int3'), name: 'own' } },
  ] as const)('%o is taken', (options) => {
    expect(() => resolveRun(mnist, options)).not.toThrow();
  });
});
