import { arrayDataset, type Dataset } from '../../shared/data/dataset.js';
import { float32, int32, ndarray, type NdArray } from '../../shared/ndarray.js';
import { pick, type Fault, type Sound } from './broken.js';

const ROWS = 23;

const labels = (values: number) => int32([ROWS], new Array<number>(ROWS).fill(values));
const numbers = (...shape: number[]) =>
  float32([ROWS, ...shape], new Float32Array([ROWS, ...shape].reduce((a, b) => a * b, 1)).fill(0.3));

/** Data whose batches are changed before they are handed out. */
const changed = (dataset: Dataset, change: (batch: { inputs: NdArray[]; labels: NdArray[] }) => unknown): unknown => ({
  ...dataset,
  inMemory: false,
  batch: async (rows: ArrayLike<number>) => change(await dataset.batch(rows)),
});

const onTrain =
  (
    says: RegExp,
    ...changes: readonly ((batch: { inputs: NdArray[]; labels: NdArray[] }, sound: Sound) => unknown)[]
  ): Fault =>
  (rng, sound) => {
    const change = pick<(typeof changes)[number]>(rng, ...changes);
    return { data: { train: changed(sound.data.train, (batch) => change(batch, sound)) }, says };
  };

const withNumber = ({ inputs }: { inputs: NdArray[] }, value: number, at: number): NdArray[] =>
  inputs.map((input) => {
    const data = Float32Array.from(input.data);
    data[Math.min(at, data.length - 1)] = value;
    return ndarray('float32', input.shape, data);
  });

/** Data that are not what the task says. */
export const brokenData: Readonly<Record<string, Fault>> = {
  'no data': (rng) => ({ data: { train: pick(rng, undefined, null, 5, [], {}) }, says: /the training data/ }),
  'a data set without samples': (_, { features }) => ({
    data: { train: arrayDataset([float32([0, features], [])], [int32([0], [])]) },
    says: /sample/,
  }),
  'a size that is none': (rng, { data }) => ({
    data: { train: { ...data.train, size: pick(rng, NaN, -3, 1.5, '7', undefined, Infinity) } },
    says: /size|sample/,
  }),
  'batch is no function': (rng, { data }) => ({
    data: { train: { ...data.train, batch: pick(rng, undefined, 5, []) } },
    says: /batch|data/,
  }),
  'a batch that is nothing': (rng, { data }) => {
    const answer = pick(
      rng,
      undefined,
      null,
      5,
      {},
      [],
      { inputs: [] },
      { labels: [] },
      { inputs: 5, labels: 5 },
      { inputs: [null], labels: [null] },
    );
    return {
      data: {
        train: {
          ...data.train,
          inMemory: pick(rng, true, false),
          batch: pick(
            rng,
            () => answer,
            async () => answer,
          ),
        },
      },
      says: /batch|input|label|data/,
    };
  },
  'a batch that throws': (rng, { data }) => {
    const thrown = pick(rng, new Error('disk gone'), 'disk gone');
    const fail = () => {
      throw thrown;
    };
    return {
      data: { train: { ...data.train, inMemory: pick(rng, true, false), batch: pick(rng, fail, async () => fail()) } },
      says: /disk gone/,
    };
  },
  'inputs of another length': (rng, { features, data }) => ({
    data: { train: arrayDataset([numbers(features + pick<number>(rng, 1, 3, -1))], [labels(0)]), test: data.test },
    says: /\[\d+\]|shape|input/,
  }),
  'inputs of another rank': (rng, { features }) => ({
    data: { train: arrayDataset([pick(rng, numbers(features, 1), numbers())], [labels(0)]) },
    says: /shape|input/,
  }),
  'two inputs for one': (_, { features }) => ({
    data: { train: arrayDataset([numbers(features), numbers(features)], [labels(0)]) },
    says: /input/,
  }),
  'labels out of range': (rng, { features, classes }) => ({
    data: { train: arrayDataset([numbers(features)], [labels(pick(rng, classes, -1, 1e6))]) },
    says: /label/,
  }),
  'labels that are no whole numbers': (rng, { features }) => ({
    data: {
      train: arrayDataset([numbers(features)], [float32([ROWS], new Float32Array(ROWS).fill(pick(rng, 0.5, NaN)))]),
    },
    says: /label/,
  }),
  'labels of another shape': (rng, { features }) => {
    const each = pick<number>(rng, 1, 2);
    return {
      data: { train: arrayDataset([numbers(features)], [int32([ROWS, each], new Array<number>(ROWS * each).fill(0))]) },
      says: /label/,
    };
  },
  'two labels for one': (_, { features }) => ({
    data: { train: arrayDataset([numbers(features)], [labels(0), labels(1)]) },
    says: /label/,
  }),
  'a number that is none': (rng, { data }) => ({
    data: {
      train: changed(data.train, (batch) => ({
        ...batch,
        inputs: withNumber(batch, pick(rng, NaN, Infinity, -Infinity), rng.int(9)),
      })),
    },
    says: /NaN|Infinity|finite/,
  }),
  'fewer samples than asked for': onTrain(/label 'kind' is|sample|rows|shape/, (batch, { features }) => ({
    ...batch,
    inputs: [float32([1, features], new Float32Array(features))],
  })),
  'arrays that are none': onTrain(
    /input|array|data/,
    ({ labels: own }) => ({ inputs: [[1, 2, 3]], labels: own }),
    ({ labels: own }) => ({ inputs: [{ dtype: 'float32', shape: [5, 2] }], labels: own }),
    ({ labels: own, inputs }) => ({ inputs: [{ ...inputs[0], data: Array.from(inputs[0]?.data ?? []) }], labels: own }),
    ({ labels: own, inputs }) => ({ inputs: [{ ...inputs[0], data: new Float32Array(1) }], labels: own }),
    ({ labels: own, inputs }) => ({
      inputs: [{ ...inputs[0], data: new Float64Array(inputs[0]?.data ?? []) }],
      labels: own,
    }),
    ({ labels: own, inputs }) => ({ inputs: [{ ...inputs[0], dtype: 'float64' }], labels: own }),
    ({ labels: own, inputs }) => ({ inputs: [{ ...inputs[0], shape: undefined }], labels: own }),
  ),
  'test data of another shape': (rng, { features }) => ({
    data: { test: arrayDataset([numbers(features + pick<number>(rng, 1, 2))], [labels(0)]) },
    says: /test|shape|input/,
  }),
  'a label function that fails': (_, { data }) => ({
    data: {
      train: {
        ...data.train,
        label: () => {
          throw new Error('no label here');
        },
      },
    },
    options: { partition: 'dirichlet:0.5' },
    says: /no label here/,
  }),
};
