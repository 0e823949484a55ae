import { afterEach, describe, expect, it } from 'vitest';
import { join } from '../../client/node/join.js';
import { serve, type RunningServer } from '../../server/serve.js';
import { someInputs } from '../../shared/data/party-data.js';
import type { Dataset } from '../../shared/data/dataset.js';
import { estimatePart } from '../../shared/part-estimate.js';
import type { RunCard } from '../../shared/run-card.js';
import { verticalData, verticalTask } from '../helpers/vertical-task.js';

const [SAMPLES, TESTS] = [1400, 300];
const data = verticalData(SAMPLES, 5, TESTS);
const settings = {
  topology: 'vertical',
  clients: 3,
  seed: 6,
  aligned: true,
  engine: 'tfjs',
  epochs: 2,
  batch: 200,
} as const;
let server: RunningServer | undefined;

afterEach(() => server?.close());

async function cardOf({ url }: RunningServer): Promise<RunCard> {
  const answer = await fetch(`${url.replace(/^ws/, 'http')}/run.json`);
  return (await answer.json()) as RunCard;
}

describe('the places of a vertical run', () => {
  it('are said with the bytes that each party then sends and receives', async () => {
    server = await serve({ task: verticalTask(), ...settings });
    const { url } = server;
    const { run } = await cardOf(server);
    const places = run?.places ?? [];
    expect(places.map(({ party, isFree }) => [party, isFree])).toEqual([
      [0, true],
      [1, true],
      ['active', true],
    ]);
    const spent = await Promise.all(places.map(({ party }, i) => train(url, party, i)));
    places.forEach(({ plan }, i) => {
      const { bytes } = estimatePart(plan, places.length, { samples: SAMPLES, testSamples: TESTS });
      const ratios = [(spent[i]?.sent ?? 0) / (bytes?.up ?? 0), (spent[i]?.received ?? 0) / (bytes?.down ?? 0)];
      // Of each message there is a frame around its values, and before the first the model is described.
      for (const ratio of ratios) expect([i, ratio, ratio > 1 && ratio < 1.1]).toEqual([i, ratio, true]);
    });
  });
});

function train(url: string, party: 'active' | number, input: number) {
  const part = (of: Dataset) => someInputs(of, [input], party === 'active');
  const own = { train: part(data.train), ...(data.test ? { test: part(data.test) } : {}) };
  return join(url, { data: own, party, aligned: true, engine: 'tfjs' }).finished;
}
