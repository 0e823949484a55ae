import { describe, expect, it } from 'vitest';
import { withSend } from '../../bench/with-send.js';
import { BreakDown, LastGiven } from '../../client/break-down.js';
import { participate } from '../../client/participate.js';
import { createHost } from '../../server/create-host.js';
import { resolveRun, type RunOptions } from '../../shared/config.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { sgd } from '../../shared/engine/optimizer.js';
import { asTandemError } from '../../shared/errors.js';
import type { RunEvent } from '../../shared/events.js';
import { float32 } from '../../shared/ndarray.js';
import { decodeMessage, encodeMessage } from '../../shared/protocol/message-codec.js';
import type { Message } from '../../shared/protocol/messages.js';
import { loopbackPair } from '../../shared/transport/loopback.js';
import type { Transport } from '../../shared/transport/transport.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

const engine = await chooseEngine('tfjs');
const task = { ...tinyTask, optimizer: sgd(0.05) };

/** One whose segments learn at another rate than the task says. */
function learningAt(rate: number): Engine {
  const segment: Engine['segment'] = (options) => engine.segment({ ...options, optimizer: sgd(rate) });
  return Object.assign(Object.create(engine) as Engine, { segment });
}

interface Odd {
  readonly engine?: Engine;
  readonly told?: (message: Message) => Message;
}

/** A run of three, of whom the second is odd. Answers how each ended, and the run. */
async function played(options: RunOptions, odd: Odd) {
  const settings = resolveRun(task, { clients: 3, seed: 5, epochs: 2, ...options });
  const events: RunEvent[] = [];
  const onEvent = (event: RunEvent) => void events.push(event);
  const host = await createHost({ task, settings, engine, transport: 'loopback', onEvent });
  const { told } = odd;
  const lying = (theirs: Transport) =>
    told ? withSend(theirs, (bytes) => theirs.send(encodeMessage(told(decodeMessage(bytes))))) : theirs;
  const clients = [0, 1, 2].map(async (place) => {
    const [mine, theirs] = loopbackPair();
    void host.accept(place === 1 ? lying(theirs) : theirs);
    const own = (place === 1 && odd.engine) || engine;
    try {
      for await (const _ of participate({ transport: mine, data: tinyData(41, place + 3), engine: own }));
      return 'finished';
    } catch (error) {
      return asTandemError(error).line;
    }
  });
  const ends = await Promise.all(clients);
  const { summary } = await host.finished;
  return { ends, events, testLoss: summary.testLoss };
}

const own =
  /this client's own part of the model, and nothing that the server gave it was unusual: check this client's data/;

describe("a client's own part of the model that breaks down", () => {
  it.each<[string, number, RunOptions]>([
    ['smashed data of 1e23', 1e25, { schedule: 'splitfed-v1' }],
    ['a loss of NaN, of the whole model', 3e13, { schedule: 'fedavg' }],
    ['top gradients of 1e22', 1e25, { schedule: 'splitfed-v1', topology: 'u-shaped' }],
    ['a loss of NaN, of an auxiliary head', 1e25, { schedule: 'local-loss' }],
    ['smashed data of 1e10, in a lane that all share', 1e12, { schedule: 'splitfed-v2' }],
    ['an upload of 1e17', 1e18, { schedule: 'fedavg', roundSteps: 1 }],
  ])('is told so, costs nobody else anything, and blames nobody: %s', async (_, rate, options) => {
    const { ends, events, testLoss } = await played(options, { engine: learningAt(rate) });
    expect(ends).toEqual(['finished', expect.stringMatching(own), 'finished']);
    expect(testLoss).toBeLessThan(1.2);
    const blamed = events.flatMap((event) =>
      event.kind === 'refused' || event.kind === 'client-left' ? event.client : [],
    );
    expect(new Set(blamed)).toEqual(new Set([1]));
  });

  const each =
    <N extends Message['type']>(name: N, into: (message: Message<N>) => Message) =>
    (message: Message) =>
      message.type === name ? into(message as Message<N>) : message;
  const filled = (value: number) => (message: Message<'cutGradient' | 'middleOutput'>) => ({
    ...message,
    tensors: message.tensors.map(({ shape, data }) => float32(shape, new Float32Array(data.length).fill(value))),
  });
  const weights = (value: number) => (message: Message<'bottom'>) => {
    return { ...message, payload: new Uint8Array(new Float32Array(message.payload.length / 4).fill(value).buffer) };
  };

  it.each<[string, RunOptions, (message: Message) => Message, RegExp]>([
    [
      'gradients of 1e30',
      { schedule: 'splitfed-v1' },
      each('cutGradient', filled(1e30)),
      /the server gave this client values up to 1\.0e\+30, of which this may come: tell whoever runs the server/,
    ],
    [
      'weights of 3e37',
      { schedule: 'fedavg' },
      each('bottom', weights(3e37)),
      /the server gave this client values up to 3\.0e\+37/,
    ],
    [
      'gradients of NaN',
      { schedule: 'splitfed-v2' },
      each('cutGradient', filled(NaN)),
      /the server sent what cannot be used: cut gradient .* NaN.*this client's data are not at fault/,
    ],
    [
      'weights of NaN',
      { schedule: 'splitfed-v1' },
      each('bottom', weights(NaN)),
      /the server sent what cannot be used: weight .*this client's data are not at fault/,
    ],
    [
      'middle outputs that are infinite',
      { topology: 'u-shaped', schedule: 'splitfed-v1' },
      each('middleOutput', filled(-Infinity)),
      /the server sent what cannot be used: middle output.*this client's data are not at fault/,
    ],
  ])('by what a server gives it is not held against its data: %s', async (_, options, told, says) => {
    const { ends } = await played(options, { told });
    expect(ends).toEqual(['finished', expect.stringMatching(says), 'finished']);
  });

  it.each([
    [[0.4, 0.7], [40, -31], 'the server gave this client values up to 40, of which this may come'],
    [[0.4, 0.7], [2, -3], 'nothing that the server gave it was unusual'],
    [[60, 0.7], [61, -31], 'nothing that the server gave it was unusual'],
  ])('is told by how far weights have grown: from %o to %o', (first, last, says) => {
    const given = new LastGiven();
    for (const [round, values] of [first, last].entries())
      given.note({ type: 'bottom', round, updates: null, payload: new Uint8Array(Float32Array.from(values).buffer) });
    const told = given.explain(new BreakDown('it broke'), { underWay: [], gradient: null });
    expect(told.message).toContain(says);
  });
});
