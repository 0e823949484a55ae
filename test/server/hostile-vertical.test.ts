import { afterEach, describe, expect, it, vi } from 'vitest';
import { join } from '../../client/node/join.js';
import { serve, type RunningServer } from '../../server/serve.js';
import { someInputs } from '../../shared/data/party-data.js';
import { float32, int32, type NdArray } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import { verticalData, verticalTask } from '../helpers/vertical-task.js';
import { helloOf, Stranger } from './stranger.js';

const data = verticalData(21);
const settings = { topology: 'vertical', clients: 4, epochs: 2, seed: 6, aligned: true, engine: 'tfjs' } as const;
let server: RunningServer | undefined;

afterEach(async () => {
  await server?.close();
});

function start(options: { readonly missing?: 'zero'; readonly aligned?: boolean } = {}): Promise<RunningServer> {
  return serve({ task: verticalTask(), graceSeconds: 0, ...settings, ...options });
}

/** An honest party; resolves with the steps it did. */
async function honest(url: string, party: 'active' | number): Promise<number> {
  const inputs = party === 'active' ? [] : [party];
  const own = {
    train: someInputs(data.train, inputs, party === 'active'),
    ...(data.test ? { test: someInputs(data.test, inputs, party === 'active') } : {}),
  };
  let steps = 0;
  for await (const _ of join(url, { data: own, party, aligned: true, engine: 'tfjs' })) steps++;
  return steps;
}

/** A hostile party that has been let in and told to train. */
async function intruder(url: string, party: string): Promise<Stranger> {
  const stranger = await Stranger.connect(url);
  stranger.send(helloOf('train', { party }));
  await stranger.receive('model');
  return stranger.send({ type: 'ready', samples: 21, testSamples: 17 });
}

function smashed(rows: number, change: { tensors?: NdArray[]; labels?: NdArray[] } = {}): Message<'smashed'> {
  const tensors = [
    float32(
      [rows, 4],
      Array.from({ length: 4 * rows }, (_, i) => Math.sin(i)),
    ),
  ];
  return { type: 'smashed', step: 1, tensors, labels: [], ...change };
}

describe('who looks at a party of a vertical run', () => {
  // The party with the labels has no features here, so what it asks with is never of its shape.
  it.each([
    ['0', 'BAD_OPTION'],
    ['active', 'BAD_SHAPE'],
  ])('is shown what party %s begins with, takes no place and gets no predictions', async (party, refusal) => {
    server = await start();
    const stranger = await Stranger.connect(server.url);
    stranger.send(helloOf('infer', { party }));
    await stranger.receive('model');
    await stranger.receive('bottom');
    const others = ([0, 1, 2, 'active'] as const).map((each) => honest(server?.url ?? '', each));
    expect(await Promise.all(others)).toEqual([6, 6, 6, 6]);
    const late = await Stranger.connect(server.url);
    late.send(helloOf('infer', { party }));
    await late.receive('bottom');
    late.send({ type: 'query', id: 0, tensors: smashed(3).tensors, labels: [] });
    expect((await late.ending).error).toBe(refusal);
  });

  it.each([null, '3', 'passive'])('is refused where it names %s', async (party) => {
    server = await start();
    const stranger = await Stranger.connect(server.url);
    stranger.send(helloOf('infer', { party }));
    expect((await stranger.ending).error).toBe('BAD_OPTION');
  });
});

describe('a hostile party of a vertical run', () => {
  it.each([
    ['sends another number of rows', smashed(6), 'BAD_SHAPE'],
    ['sends labels, though it is passive', smashed(7, { labels: [int32([7], [0, 1, 2, 0, 1, 2, 0])] }), 'BAD_LABEL'],
    ['sends NaN', smashed(7, { tensors: [float32([7, 4], Array<number>(28).fill(NaN))] }), 'BAD_VALUE'],
    ['sends no tensors', smashed(7, { tensors: [] }), 'BAD_SHAPE'],
    ['reports a step of its own', { type: 'trained', step: 1, samples: 7, loss: 1 } as const, 'BAD_STATE'],
  ])('that %s is refused, and the others train on with who takes its place', async (_name, message, code) => {
    server = await start();
    const { url } = server;
    const others = ([0, 2, 'active'] as const).map((party) => honest(url, party));
    const stranger = await intruder(url, '1');
    await stranger.receive('joint');
    stranger.send(message);
    expect((await stranger.ending).error).toBe(code);
    const steps = await Promise.all([...others, honest(url, 1)]);
    expect(steps).toEqual([6, 6, 6, 6]);
    expect((await server.finished).summary).toMatchObject({ steps: 6, samples: 42 });
  });

  it.each([
    ['a second active party', { party: 'active' }, 'RUN_FULL'],
    ['no party', { party: null }, 'BAD_OPTION'],
    ['a passive party there is not', { party: '3' }, 'BAD_OPTION'],
    ['a party that is no number', { party: '-1' }, 'BAD_OPTION'],
    ['more segments', { party: '1', segments: 2 }, 'BAD_OPTION'],
  ] as const)('that says it is %s is refused', async (_name, change, code) => {
    server = await start();
    const first = await intruder(server.url, 'active');
    const stranger = await Stranger.connect(server.url);
    stranger.send(helloOf('train', change));
    expect((await stranger.ending).error).toBe(code);
    first.vanish();
  });

  it.each([
    ['training', { samples: 20, testSamples: 18 }],
    ['test', { samples: 21, testSamples: 999_999_999 }],
  ])('that has other %s rows than the others is refused, though it came first', async (_which, claim) => {
    server = await start();
    const { url } = server;
    const stranger = await Stranger.connect(url);
    stranger.send(helloOf('train', { party: '0' }));
    await stranger.receive('model');
    stranger.send({ type: 'ready', ...claim });
    const others = ([1, 2, 'active'] as const).map((party) => honest(url, party));
    expect((await stranger.ending).error).toBe('BAD_DATA');
    expect(await Promise.all([...others, honest(url, 0)])).toEqual([6, 6, 6, 6]);
  });

  it('that is ready before the rows were matched is refused', async () => {
    server = await start({ aligned: false });
    const stranger = await intruder(server.url, '1');
    expect((await stranger.ending).error).toBe('BAD_STATE');
  });

  it('that leaves before it has given any of its rows makes room for another one', async () => {
    server = await start({ aligned: false, missing: 'zero' });
    const { url } = server;
    const come = (party: string) => Stranger.connect(url).then((one) => one.send(helloOf('train', { party })));
    const strangers = await Promise.all(['0', '1', '2', 'active'].map(come));
    const [, asked] = await Promise.all(strangers.map((stranger) => stranger.receive('align')));
    await expect(come('1').then((late) => late.receive('align'))).rejects.toThrow('RUN_FULL');
    strangers[1]?.vanish();
    // Once the server has seen that it is gone.
    await vi.waitFor(async () => expect(await (await come('1')).receive('align')).toEqual(asked));
  });

  it('that says nothing about the order of its rows is refused by its own side', async () => {
    server = await start();
    const { finished } = join(server.url, {
      data: { train: someInputs(data.train, [0], false) },
      party: 0,
      engine: 'tfjs',
    });
    await expect(finished).rejects.toMatchObject({ code: 'BAD_OPTION', message: /has not said so/ });
  });
});

describe('a passive party that leaves', () => {
  it('is replaced by zeros, and the others go on', async () => {
    server = await start({ missing: 'zero' });
    const { url } = server;
    const others = ([0, 2, 'active'] as const).map((party) => honest(url, party));
    const leaver = await intruder(url, '1');
    await leaver.receive('joint');
    leaver.vanish();
    expect(await Promise.all(others)).toEqual([6, 6, 6]);
    expect((await server.finished).summary).toMatchObject({ steps: 6, samples: 42 });
  });
});
