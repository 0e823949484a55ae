import { open, readFile, stat } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RunSettings } from '../../shared/config.js';
import type { OfferedFacts, OfferedShare } from '../../shared/data/offered.js';
import { encodeIdx, idxDataset, parseIdx } from '../../shared/data/idx.js';
import { parsePartition, partitionRows, testRows } from '../../shared/data/partition.js';
import { TandemError } from '../../shared/errors.js';
import { gatherRows, type NdArray } from '../../shared/ndarray.js';

/** The parts of an idx data set, under the names of MNIST's. */
const PARTS = ['train', 't10k'] as const;
type Part = (typeof PARTS)[number];
type Kind = 'images' | 'labels';

/** So many samples are enough to look at what would be sent. */
const SAMPLES = 8;

const PATH = /^\/data\/(sample|\d{1,6})\/(train|t10k)-(images|labels)-idx[13]-ubyte$/;

/** An answer: a file of idx, or what there is. */
export type OfferedAnswer =
  { readonly kind: 'idx'; readonly bytes: Uint8Array } | { readonly kind: 'facts'; readonly facts: OfferedFacts };

/** The data that a server offers everybody: each place of the run gets the rows of its own shard alone. */
export class OfferedData {
  private dealt: Promise<Dealt> | undefined;

  private constructor(
    private readonly folder: string,
    private readonly settings: RunSettings,
    /** How much a place gets, on average. */
    readonly usual: OfferedShare,
  ) {}

  /** Throws BAD_DATA where the folder has no training data. */
  static async in(folder: string, settings: RunSettings): Promise<OfferedData> {
    const [train, test] = await Promise.all(PARTS.map((part) => measure(folder, part)));
    if (train) {
      const { clients, limit = Infinity } = settings;
      const samples = Math.ceil(Math.min(limit, train.samples) / clients);
      const testSamples = Math.ceil((test?.samples ?? 0) / clients);
      const bytes = Math.ceil(samples * train.sampleBytes + testSamples * (test?.sampleBytes ?? 0));
      const usual = { samples, testSamples, bytes };
      return new OfferedData(folder, settings, usual);
    }
    throw new TandemError(
      'BAD_DATA',
      `${folder} has no train-images-idx3-ubyte and train-labels-idx1-ubyte`,
      'give --offer-data mnist, or a folder of unpacked idx files under these names',
    );
  }

  /** The file at a path, or undefined. The data are read at the first request. */
  async at(path: string): Promise<OfferedAnswer | undefined> {
    if (path === '/data/about.json') return { kind: 'facts', facts: (await this.deal()).facts };
    const [, whose, part, kind] = PATH.exec(path) ?? [];
    if (whose === undefined) return undefined;
    const { files, rows } = await this.deal();
    const array = files[part as Part]?.[kind as Kind];
    const own = whose === 'sample' ? rows(0, part as Part)?.slice(0, SAMPLES) : rows(Number(whose), part as Part);
    return array && own ? { kind: 'idx', bytes: encodeIdx(gatherRows(array, own)) } : undefined;
  }

  private deal(): Promise<Dealt> {
    this.dealt ??= deal(this.folder, this.settings);
    // The next request tries again.
    this.dealt.catch(() => (this.dealt = undefined));
    return this.dealt;
  }
}

interface Dealt {
  readonly files: Readonly<Partial<Record<Part, Readonly<Record<Kind, NdArray>>>>>;
  readonly facts: OfferedFacts;
  readonly rows: (
    client: number,
    part: Part,
  ) => (ArrayLike<number> & { slice(from: number, to: number): ArrayLike<number> }) | undefined;
}

async function deal(folder: string, { clients, partition, seed, limit }: RunSettings): Promise<Dealt> {
  const [train, t10k] = await Promise.all(PARTS.map((part) => read(folder, part)));
  if (!train) throw new TandemError('BAD_DATA', `${folder} has no training data any more`);
  const size = Math.min(limit ?? Infinity, train.labels.shape[0] ?? 0);
  const dataset = { ...idxDataset(train.images, train.labels), size };
  const shares = partitionRows(dataset, clients, parsePartition(partition), seed);
  const tests = (client: number) => (t10k ? testRows(t10k.labels.shape[0] ?? 0, client, clients) : undefined);
  return {
    files: { train, ...(t10k ? { t10k } : {}) },
    facts: { samples: shares.map(({ length }) => length), testSamples: tests(0)?.length ?? 0 },
    rows: (client, part) => (client >= clients ? undefined : part === 'train' ? shares[client] : tests(client)),
  };
}

async function read(folder: string, part: Part): Promise<Record<Kind, NdArray> | undefined> {
  const [images, labels] = (['images', 'labels'] as const).map((kind) => fileOf(folder, part, kind));
  if (images === undefined || labels === undefined || !existsSync(images) || !existsSync(labels)) return undefined;
  const arrays = await Promise.all([images, labels].map(async (file) => parseIdx(await readFile(file))));
  return arrays[0] && arrays[1] && { images: arrays[0], labels: arrays[1] };
}

/** How much a part is, by the heads of its files; undefined where it has no files. */
async function measure(folder: string, part: Part): Promise<{ samples: number; sampleBytes: number } | undefined> {
  const [images, labels] = (['images', 'labels'] as const).map((kind) => fileOf(folder, part, kind));
  if (images === undefined || labels === undefined || !existsSync(images) || !existsSync(labels)) return undefined;
  const file = await open(labels);
  try {
    const head = Buffer.alloc(8);
    await file.read(head, 0, head.length, 0);
    const samples = head.readUInt32BE(4);
    const bytes = (await stat(images)).size + (await stat(labels)).size;
    return { samples, sampleBytes: samples > 0 ? bytes / samples : 0 };
  } finally {
    await file.close();
  }
}

function fileOf(folder: string, part: Part, kind: Kind): string {
  return join(folder, `${part}-${kind}-idx${kind === 'images' ? 3 : 1}-ubyte`);
}
