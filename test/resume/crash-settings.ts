import type { AbsenceOptions } from './absence.js';

/** A run in which everything is killed once. */
export interface Setting extends AbsenceOptions {
  readonly engine: 'tfjs' | 'onnx';
  readonly schedule: string;
  readonly topology?: string;
  readonly aggregation?: string;
  readonly alignEvery?: number;
  readonly pool?: number;
  readonly poolEvery?: number;
  readonly bottoms?: readonly string[];
  /** Whether the model has batch normalisation on both sides of the cut. */
  readonly norm?: boolean;
  readonly evaluateEvery?: number;
  readonly epochs?: number;
  readonly patience?: number;
  /** 2 when left out. */
  readonly clients?: number;
  /** Vertical: the share of rows that each party lacks, where rows are matched by id. */
  readonly missingIds?: number;
  /** Vertical: rows that all parties give their columns of, to be predicted at the end. */
  readonly toPredict?: number;
  readonly codecUp?: string;
  readonly codecDown?: string;
  readonly codecWeights?: string;
}

type Options = Omit<Setting, 'engine'>;

const options: Readonly<Record<string, Options>> = {
  'splitfed-v2': { schedule: 'splitfed-v2' },
  'sequential, batch normalisation': { schedule: 'sequential', norm: true },
  'splitfed-v1': { schedule: 'splitfed-v1' },
  'splitfed-v3': { schedule: 'splitfed-v3' },
  'splitfed-v1 with a momentum of the server': { schedule: 'splitfed-v1', aggregation: 'fedavgm:0.9' },
  'splitfed-v2, u-shaped': { schedule: 'splitfed-v2', topology: 'u-shaped' },
  'splitfed-v1, u-shaped, batch normalisation': { schedule: 'splitfed-v1', topology: 'u-shaped', norm: true },
  'splitfed-v2, batch normalisation': { schedule: 'splitfed-v2', norm: true },
  'splitfed-v3, batch normalisation, the best model kept': { schedule: 'splitfed-v3', norm: true, evaluateEvery: 1 },
  'splitfed-v1, two kinds of bottoms, with a momentum of the server': {
    schedule: 'splitfed-v1',
    aggregation: 'fedavgm:0.9',
    bottoms: ['small', 'default'],
  },
  'splitfed-v3, two kinds of bottoms': { schedule: 'splitfed-v3', bottoms: ['default', 'small'] },
  async: { schedule: 'async' },
  'async, u-shaped, batch normalisation': { schedule: 'async', topology: 'u-shaped', norm: true },
  'splitfed-v2, multi-hop': { schedule: 'splitfed-v2', topology: 'multi-hop' },
  'fedavg, batch normalisation': { schedule: 'fedavg', norm: true },
  'local-loss': { schedule: 'local-loss' },
  'local-loss, aligned, batch normalisation': { schedule: 'local-loss', alignEvery: 3, norm: true },
  'local-loss, a pool filled twice, in few bits': {
    schedule: 'local-loss',
    pool: 2,
    poolEvery: 1,
    epochs: 2,
    codecUp: 'int4+rans',
    codecWeights: 'int8',
  },
  'splitfed-v1, stopped early': { schedule: 'splitfed-v1', patience: 1 },
  vertical: { schedule: 'joint', topology: 'vertical', clients: 3 },
  'vertical, labels alone at one party, the best model kept': {
    schedule: 'joint',
    topology: 'vertical',
    clients: 4,
    evaluateEvery: 1,
    toPredict: 8,
  },
  'vertical, u-shaped': { schedule: 'joint', topology: 'vertical-u-shaped', clients: 3, toPredict: 6 },
  'vertical, rows matched by id, in few bits': {
    schedule: 'joint',
    topology: 'vertical',
    clients: 3,
    missingIds: 0.1,
    toPredict: 9,
    epochs: 2,
    codecUp: 'delta+randtopk:50+fp32',
    codecDown: 'pq:2+rans',
  },
  'splitfed-v2, in few bits': {
    schedule: 'splitfed-v2',
    codecUp: 'correct:0.1+pq:2+rans',
    codecDown: 'int8:tensor',
    codecWeights: 'int8',
  },
  'splitfed-v2, by codecs that remember': {
    schedule: 'splitfed-v2',
    epochs: 2,
    codecUp: 'delta:auto+int4+rans',
    codecDown: 'delta+topk:40+int8+rans',
  },
  'splitfed-v1, u-shaped, in few bits': {
    schedule: 'splitfed-v1',
    topology: 'u-shaped',
    codecUp: 'int8:learned',
    codecDown: 'correct:0.2+int3',
  },
};

/** With one engine: what codecs do is the same with either; and whether a thread computes still cannot be seen, where a deadline passes once nothing happens. */
const withOne: Readonly<Record<string, Options>> = {
  'splitfed-v1, a client stops': { schedule: 'splitfed-v1', epochs: 2, second: 'stops' },
  'splitfed-v1, u-shaped, a client stops': {
    schedule: 'splitfed-v1',
    topology: 'u-shaped',
    epochs: 2,
    second: 'stops',
  },
  'splitfed-v1, a client comes back': { schedule: 'splitfed-v1', epochs: 2, second: 'comes back' },
  'splitfed-v1, u-shaped, a client comes back': {
    schedule: 'splitfed-v1',
    topology: 'u-shaped',
    epochs: 2,
    second: 'comes back',
  },
  'splitfed-v1, a client leaves': { schedule: 'splitfed-v1', epochs: 2, second: 'leaves' },
  'splitfed-v2, a client leaves': { schedule: 'splitfed-v2', epochs: 2, second: 'leaves' },
  'splitfed-v2, u-shaped, a client leaves': {
    schedule: 'splitfed-v2',
    topology: 'u-shaped',
    epochs: 2,
    second: 'leaves',
  },
  'splitfed-v2, multi-hop, by codecs that leave values out': {
    schedule: 'splitfed-v2',
    topology: 'multi-hop',
    codecUp: 'project:2+fp16',
    codecDown: 'randtopk:40+int2:channel+rans',
    codecWeights: 'bf16',
  },
};

const on = (engine: Setting['engine'], some: Readonly<Record<string, Options>>): Record<string, Setting> =>
  Object.fromEntries(Object.entries(some).map(([name, rest]) => [`${name} on ${engine}`, { engine, ...rest }]));

export const settings: Readonly<Record<string, Setting>> = {
  ...on('tfjs', { ...options, ...withOne }),
  ...on('onnx', options),
};

/** One of them by its name. */
export function onTfjs(name: string): Setting {
  const setting = settings[`${name} on tfjs`];
  if (!setting) throw new Error(`there is no setting '${name}'`);
  return setting;
}
