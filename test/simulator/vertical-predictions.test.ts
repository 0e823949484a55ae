import { describe, expect, it, vi } from 'vitest';
import type { Predictions } from '../../client/predictions.js';
import type { RunEvent } from '../../shared/events.js';
import { buildModel } from '../../shared/model/build.js';
import { writeModelWeights } from '../../shared/model/weights.js';
import { gatherRows, identical, maxAbsDifference, type NdArray } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import { LastingLink } from '../../shared/session/lasting-link.js';
import { simulate, type SimulateOptions } from '../../simulator/simulate.js';
import { askModel } from '../../cli/own/ask-model.js';
import { rowsToPredict, verticalData, verticalTask } from '../helpers/vertical-task.js';
import { someOf, wholeSuite } from '../helpers/whole-suite.js';

const task = verticalTask();
const ROWS = 23;
const toPredict = rowsToPredict(ROWS);
const data = { ...verticalData(), toPredict };

async function run(options: Partial<SimulateOptions>) {
  const told: Predictions[] = [];
  const events: RunEvent[] = [];
  const result = await simulate({
    ...{ task, data, topology: 'vertical', clients: 4, seed: 3, engine: 'tfjs', transport: 'loopback' },
    onPredictions: (predictions) => void told.push(predictions),
    onEvent: (event) => void events.push(event),
    ...options,
  });
  return { ...result, told, predicted: events.filter((event) => event.kind === 'predicted') };
}

/** What the undivided model says of rows, in batches as the run has them. */
async function undivided(weights: readonly NdArray[], rows: ArrayLike<number>): Promise<NdArray> {
  const model = await buildModel(task, 3);
  writeModelWeights(model, weights);
  const { inputs } = await toPredict.batch(rows);
  const values = await askModel(model, inputs);
  model.dispose();
  return { dtype: 'float32', shape: [rows.length, values.length / rows.length], data: values };
}

describe('rows that all parties give', () => {
  it.each(
    someOf<[string, number, Partial<SimulateOptions>]>(
      [
        ['vertical', 3, { missingIds: 0.1 }],
        ['vertical-u-shaped', 3, {}],
        ['vertical', 4, { epochs: 30, evaluateEvery: 1, patience: 1, roundSteps: 3 }],
        ['vertical-u-shaped', 4, { missingIds: 0.1 }],
        ['vertical', 4, {}],
        ['vertical-u-shaped', 3, { epochs: 30, evaluateEvery: 2, patience: 1, roundSteps: 3 }],
      ],
      3,
    ),
  )(
    '%s with %i parties and %j: are predicted as by the undivided model, bit for bit',
    async (topology, clients, options) => {
      const { told, trained, summary, predicted } = await run({ topology, clients, ...options });
      expect(told).toHaveLength(1);
      const { rows, outputs, given, common } = told[0] as Predictions;
      expect(outputs).toHaveLength(1);
      expect(predicted).toEqual([{ kind: 'predicted', rows: rows.length, of: common }]);
      expect([...rows]).toEqual([...rows].sort((a, b) => a - b));
      if (options.missingIds === undefined) {
        expect([rows.length, given, common]).toEqual([ROWS, ROWS, ROWS]);
      } else {
        // Each lacks two of them.
        expect(given).toBe(ROWS - 2);
        expect(rows.length).toBe(common);
        expect(common).toBeLessThan(given);
        expect(common).toBeGreaterThanOrEqual(ROWS - 2 * clients);
      }
      // Some run must have gone back to a model that is not its last one.
      if (options.patience !== undefined)
        expect(summary.best?.round).toBeLessThan(summary.evaluations.at(-1)?.round ?? 0);
      expect(identical(outputs[0] as NdArray, await undivided(trained.weights, rows))).toBe(true);
    },
  );

  it('change nothing else of the run', async () => {
    const with_ = await run({ topology: 'vertical', clients: 3 });
    const without = await run({ topology: 'vertical', clients: 3, data: verticalData() });
    expect(without.told).toEqual([]);
    expect(without.predicted).toEqual([]);
    const { weightsHash, testLoss, testAccuracy, steps, evaluationBytes } = with_.summary;
    expect(without.summary).toMatchObject({ weightsHash, testLoss, testAccuracy, steps, evaluationBytes });
  });

  it('are answered to the active party alone, and no labels are asked for', async () => {
    const send = Object.getOwnPropertyDescriptor(LastingLink.prototype, 'send')?.value as LastingLink['send'];
    const sent: Message[] = [];
    vi.spyOn(LastingLink.prototype, 'send').mockImplementation(function (this: LastingLink, message: Message) {
      sent.push(message);
      send.call(this, message);
    });
    // These rows have labels, which nobody looks at.
    await run({ clients: 4, data: { ...data, toPredict: verticalData(1, 5, ROWS).test ?? toPredict } });
    vi.restoreAllMocks();
    const last = sent.slice(sent.findIndex((message) => message.type === 'evaluate' && message.toPredict));
    const queries = last.filter((message) => message.type === 'query');
    expect(queries).toHaveLength(4 * 4);
    expect(queries.filter(({ labels }) => labels.length > 0)).toEqual([]);
    const predictions = last.filter((message) => message.type === 'prediction');
    expect(predictions).toHaveLength(4 * 4);
    expect(predictions.filter(({ tensors }) => tensors.length > 0)).toHaveLength(4);
  });

  it.runIf(wholeSuite)('on onnx are within 1e-4', async () => {
    const { told, trained } = await run({ engine: 'onnx', clients: 3 });
    const { rows, outputs } = told[0] as Predictions;
    expect(maxAbsDifference(outputs[0] as NdArray, await undivided(trained.weights, rows))).toBeLessThan(1e-4);
    const last = gatherRows(outputs[0] as NdArray, [ROWS - 1]);
    expect(last.data.some((value) => value !== 0)).toBe(true);
  });

  it.each([
    [{ topology: 'vanilla' }, /no parties that have columns/],
    [{ schedule: 'centralised' }, /no parties that have columns/],
    [{ onPredictions: undefined }, /nobody hears what the model says/],
  ] as const)('with %o are refused with the reason', async (options, message) => {
    await expect(run(options as Partial<SimulateOptions>)).rejects.toMatchObject({ code: 'BAD_OPTION', message });
  });
});
