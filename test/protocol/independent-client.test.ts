import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { connect } from '../../client/node/join.js';
import { participate } from '../../client/participate.js';
import { serve } from '../../server/serve.js';
import { BatchOrder } from '../../shared/data/batch-order.js';
import type { ClientData, Dataset } from '../../shared/data/dataset.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { decodeMessage } from '../../shared/protocol/message-codec.js';
import { readGoldenFrames, fromHex } from './golden.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

const folder = fileURLToPath(new URL('python/', import.meta.url));
const spec = fileURLToPath(new URL('../../docs/protocol.json', import.meta.url));
const hasPython = spawnSync('python3', ['--version']).status === 0;
const SEED = 11;
const STEPS = 60;

/** What the client in Python prints. */
interface Report {
  readonly finished: { readonly testAccuracy: number; readonly steps: number };
  readonly steps: number;
  readonly losses: readonly number[];
}

async function rows(dataset: Dataset) {
  const { inputs, labels } = await dataset.batch(Array.from({ length: dataset.size }, (_, i) => i));
  const features = Array.from(inputs[0]?.data ?? []);
  const width = features.length / dataset.size;
  return {
    features: Array.from({ length: dataset.size }, (_, i) => features.slice(i * width, (i + 1) * width)),
    labels: Array.from(labels[0]?.data ?? []),
  };
}

/** The same work as Tandem's own client would do in this place: its samples, batch by batch. */
async function workOf(data: ClientData, client: number) {
  const order = new BatchOrder({ size: data.train.size, batch: tinyTask.batch ?? 7, seed: SEED, client });
  const batches = Array.from({ length: STEPS }, (_, step) => Array.from(order.rows(step)));
  const test = data.test ? await rows(data.test) : { features: [], labels: [] };
  return { shard: [client, 2], train: await rows(data.train), test, batches };
}

function runPython(url: string, work: unknown): Promise<Report> {
  const child = spawn('python3', ['-B', `${folder}client.py`, spec, url], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(JSON.stringify(work));
  const [out, trouble]: [string[], string[]] = [[], []];
  child.stdout.on('data', (text: Buffer) => out.push(String(text)));
  child.stderr.on('data', (text: Buffer) => trouble.push(String(text)));
  return new Promise((resolve, reject) => {
    child.on('close', (code) =>
      code === 0 ? resolve(JSON.parse(out.join('')) as Report) : reject(new Error(trouble.join(''))),
    );
  });
}

describe.skipIf(!hasPython)('a client in Python, from docs/protocol.md and docs/protocol.json alone', () => {
  const [own, theirs] = [tinyData(41), tinyData(29, 8, 9)];

  async function run(second: (url: string) => Promise<unknown>) {
    const engine = await chooseEngine('tfjs');
    const server = await serve({ task: tinyTask, clients: 2, seed: SEED, loadedEngine: engine });
    const first = (async () => {
      const transport = await connect(server.url);
      for await (const _ of participate({ transport, data: own, engine, place: [0, 2] }));
    })();
    try {
      const [, report] = await Promise.all([first, second(server.url)]);
      const { summary } = await server.finished;
      return { summary, report };
    } finally {
      await server.close();
    }
  }

  it('trains to the weights that Tandem’s own client in its place leads to, without any capability', async () => {
    const work = await workOf(theirs, 1);
    const { report, summary } = await run((url) => runPython(url, work));
    const python = report as Report;
    const reference = await run(async (url) => {
      const engine = await chooseEngine('tfjs');
      const transport = await connect(url);
      for await (const _ of participate({ transport, data: theirs, engine, place: [1, 2] }));
    });
    expect(python.finished).toMatchObject({ type: 'finished', steps: summary.steps });
    expect(python.steps).toBe(2 * Math.ceil(29 / 7));
    expect(python.losses.at(-1)).toBeLessThan(python.losses[0] ?? 0);
    const { testLoss = null, samples, steps } = reference.summary;
    expect(summary).toMatchObject({ samples, steps });
    expect(testLoss).not.toBeNull();
    expect(summary.testLoss).toBeCloseTo(testLoss ?? NaN, 5);
  });

  it('reads every golden frame, and what it writes is read here', () => {
    const frames = readGoldenFrames().filter(({ agreed }) => agreed === undefined);
    const program = [
      'import sys, json',
      'from messages import Protocol',
      'protocol = Protocol(sys.argv[1])',
      'for line in sys.stdin:',
      '    message = protocol.decode(bytes.fromhex(line.strip()))',
      '    known = protocol.by_name[message["type"]]["fields"]',
      '    values = {f["name"]: message[f["name"]] for f in known if "capability" not in f}',
      '    print(protocol.encode(message["type"], **values).hex())',
    ].join('\n');
    const { stdout, stderr } = spawnSync('python3', ['-B', '-c', program, spec], {
      cwd: folder,
      input: frames.map(({ hex }) => hex).join('\n'),
      encoding: 'utf8',
    });
    const written = stdout.trim().split('\n');
    expect(written, stderr).toHaveLength(frames.length);
    for (const [i, { name, hex }] of frames.entries()) {
      expect(decodeMessage(fromHex(written[i] ?? '')), name).toEqual(decodeMessage(fromHex(hex)));
    }
  });
});
