import { arrayDataset, type Dataset } from '../../shared/data/dataset.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { sgd } from '../../shared/engine/optimizer.js';
import { asTandemError } from '../../shared/errors.js';
import { float32, int32, sizeOf } from '../../shared/ndarray.js';
import { createRng } from '../../shared/rng.js';
import type { Task } from '../../shared/task.js';
import { verify } from '../../simulator/verify.js';
import type { LayerNet } from './layer-nets.js';

/** What became of a net at one cut. `exact`: bit for bit on tfjs, to 1e-4 on onnx; `differs` must not be. */
export type CutOutcome =
  | { readonly kind: 'exact' }
  /** Exact on both, but the compiled engine leaves a segment to tfjs. */
  | { readonly kind: 'on tfjs'; readonly why: string }
  | { readonly kind: 'refused'; readonly code: string; readonly sentence: string }
  | { readonly kind: 'differs'; readonly engine: string; readonly largest: number };

export const places = ['before', 'at', 'after'] as const;
export type Place = (typeof places)[number];

const MOST_DIFFERENCE = 1e-4;
const ROWS = 13;

/** Trains a net cut at one place and whole, on both engines. */
export async function tryLayer(net: LayerNet, place: Place): Promise<CutOutcome> {
  const cut = { before: net.before ?? 'below', at: 'layer', after: 'above' }[place];
  const task: Task = {
    name: 'layer',
    model: net.model,
    cut,
    loss: 'softmaxCrossEntropy',
    optimizer: sgd(0.1),
    labels: [{ name: 'kind', dtype: 'int32', shape: [], min: 0, max: 2 }],
    metrics: [],
  };
  let fallback: string | undefined;
  try {
    for (const name of ['tfjs', 'onnx']) {
      const notices: string[] = [];
      const engine = await chooseEngine(name, { onNotice: (text) => notices.push(text) });
      const result = await verify({ task, dataset: dataOf(net), engine, steps: 3, batch: 4, seed: 9 });
      const largest = Math.max(result.maxAbsGradientDiff, result.maxAbsWeightDiff);
      const isExact = name === 'tfjs' ? result.identical : largest <= MOST_DIFFERENCE;
      if (!isExact) return { kind: 'differs', engine: name, largest };
      fallback ??= notices.map(reasonOf).find((reason) => reason !== undefined);
    }
  } catch (error) {
    const { code, message } = asTandemError(error);
    return { kind: 'refused', code, sentence: message };
  }
  return fallback === undefined ? { kind: 'exact' } : { kind: 'on tfjs', why: fallback };
}

/** Why a segment is not compiled, of a notice that says so. */
function reasonOf(notice: string): string | undefined {
  return /runs on tfjs[^:]*: (.*)$/.exec(notice)?.[1];
}

function dataOf({ input, tokens }: LayerNet): Dataset {
  const rng = createRng('layers', input.join());
  const value = () => (tokens === undefined ? 2 * rng.float() - 1 : rng.int(tokens));
  const values = Array.from({ length: ROWS * sizeOf(input) }, value);
  const kinds = Array.from({ length: ROWS }, () => rng.int(3));
  return arrayDataset([float32([ROWS, ...input], values)], [int32([ROWS], kinds)]);
}
