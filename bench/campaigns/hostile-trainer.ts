import { participate } from '../../client/participate.js';
import { clientPart } from '../../server/run/client-part.js';
import { createHost } from '../../server/create-host.js';
import { resolveRun } from '../../shared/config.js';
import type { ClientData } from '../../shared/data/dataset.js';
import type { Engine } from '../../shared/engine/engine.js';
import { TandemError } from '../../shared/errors.js';
import { buildPlaced } from '../../shared/model/build.js';
import { ndarray } from '../../shared/ndarray.js';
import { decodeMessage, encodeMessage } from '../../shared/protocol/message-codec.js';
import type { Message, MessageName } from '../../shared/protocol/messages.js';
import { createRng } from '../../shared/rng.js';
import type { Task } from '../../shared/task.js';
import { loopbackPair } from '../../shared/transport/loopback.js';
import { hello } from './hello.js';
import { HostileFrames } from './hostile-frames.js';

export interface HostileTrainerOptions {
  readonly runs: number;
  readonly seed: string;
  readonly originals: readonly Uint8Array[];
  readonly task: Task;
  readonly data: ClientData;
  readonly engine: Engine;
  /** With lanes of their own by default. */
  readonly schedule?: string;
}

export interface HostileTrainerResult {
  readonly runs: number;
  /** Sound steps that the hostile client did first. */
  readonly steps: number;
  readonly frames: number;
  readonly refusals: Readonly<Record<string, number>>;
  /** Runs in which the honest client's weights are not those of a run alone: none, where lanes are apart. */
  readonly changed: number;
}

const MOST_FRAMES = 5;

/** Runs in which one of two clients trains in its lane, and in the middle of it sends hostile frames instead. */
export async function trainHostilely(options: HostileTrainerOptions): Promise<HostileTrainerResult> {
  const { runs, seed, originals, task, data, engine, schedule = 'splitfed-v1' } = options;
  const settings = resolveRun(task, { seed: 5, epochs: 1, schedule, clients: 2 });
  const { contract } = clientPart(task, await buildPlaced(task, settings), settings).rules;
  const source = new HostileFrames(seed, originals, contract);
  const rng = createRng('hostile trainer', seed);
  const refusals: Record<string, number> = {};
  const sums = { steps: 0, frames: 0, changed: 0 };

  const train = async (steps: number, frames: readonly Uint8Array[]): Promise<string> => {
    const host = await createHost({
      ...{ task, settings, engine, transport: 'loopback' },
      onEvent: (event) => {
        if (event.kind === 'refused') refusals[event.code] = (refusals[event.code] ?? 0) + 1;
      },
    });
    const link = () => {
      const [client, server] = loopbackPair();
      void host.accept(server);
      return client;
    };
    const honest = async () => {
      for await (const _ of participate({ transport: link(), data, engine, place: [0, 2] }));
    };
    const hostile = async () => {
      const transport = link();
      const messages = transport.frames()[Symbol.asyncIterator]();
      const send = (message: Message) => transport.send(encodeMessage(message));
      const until = async (type: MessageName) => {
        for (;;) {
          const next = await messages.next();
          if (next.done || decodeMessage(next.value).type === type) return;
        }
      };
      send(hello('train', [1, 2]));
      await until('model');
      send({ type: 'ready', samples: 70, testSamples: 0 });
      await until('train');
      const rows = 3;
      for (let step = 1; step <= steps; step++) {
        const tensors = contract.tensors.map(({ shape }) => {
          const full = [rows, ...shape.map((length) => length ?? 1)];
          const size = full.reduce((product, length) => product * length, 1);
          return ndarray(
            'float32',
            full,
            Float32Array.from({ length: size }, () => rng.normal()),
          );
        });
        send({ type: 'smashed', step, tensors, labels: [ndarray('int32', [rows], Int32Array.of(2, 0, 1))] });
        await until('cutGradient');
      }
      for (const frame of frames) transport.send(frame);
      transport.close();
    };
    // A hostile client may be cut while it still sends.
    await Promise.all([honest(), hostile().catch(() => undefined)]);
    const { summary } = await host.finished;
    host.close(new TandemError('CANCELLED', 'the campaign is over'));
    return summary.weightsHash;
  };

  const alone = await train(0, []);
  for (let run = 0; run < runs; run++) {
    const steps = rng.int(4);
    const frames = Array.from({ length: 1 + rng.int(MOST_FRAMES) }, () => source.next());
    sums.steps += steps;
    sums.frames += frames.length;
    if ((await train(steps, frames)) !== alone) sums.changed++;
  }
  return { runs, ...sums, refusals };
}
