import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { limited, type Batch, type ClientData, type Dataset } from '../../shared/data/dataset.js';
import { encodeIdx } from '../../shared/data/idx.js';
import { fileTrouble, withFile } from '../../storage/file-trouble.js';
import { TandemError } from '../../shared/errors.js';
import { ndarray, type NdArray } from '../../shared/ndarray.js';

const ROWS_AT_ONCE = 1_000;
const PARTS = { train: 'train', test: 't10k' } as const;

/** A folder that a server can offer to pages. */
export interface OfferedFolder {
  readonly folder: string;
  remove(): Promise<void>;
}

/**
 * Writes data as idx files into a folder of their own, for tabs to take their share of: as bytes where they were bytes,
 * else as they are. `limit` leaves out training samples that nobody is dealt. Throws BAD_OPTION for data that idx files
 * cannot hold.
 */
export async function offerData({ train, test }: ClientData, limit?: number): Promise<OfferedFolder> {
  const place = { path: tmpdir(), flag: 'TMPDIR' };
  const folder = await withFile('write', place, () => mkdtemp(join(tmpdir(), 'tandem-offered-')));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await write(folder, PARTS.train, limited(train, limit));
    if (test) await write(folder, PARTS.test, test);
    return { folder, remove };
  } catch (error) {
    await remove();
    throw fileTrouble(error, 'write', place);
  }
}

async function write(folder: string, part: string, dataset: Dataset): Promise<void> {
  const { inputs, labels } = await wholeOf(dataset);
  await writeFile(join(folder, `${part}-images-idx3-ubyte`), encodeIdx(asBytes(inputs) ?? inputs));
  await writeFile(join(folder, `${part}-labels-idx1-ubyte`), encodeIdx(labels));
}

async function wholeOf(dataset: Dataset): Promise<{ inputs: NdArray; labels: NdArray }> {
  const batches: Batch[] = [];
  for (let from = 0; from < dataset.size; from += ROWS_AT_ONCE) {
    const length = Math.min(ROWS_AT_ONCE, dataset.size - from);
    batches.push(await dataset.batch(Int32Array.from({ length }, (_, i) => from + i)));
  }
  const [first] = batches;
  if (first?.inputs.length !== 1 || first.labels.length !== 1) {
    const what = `tabs are dealt data of one input and one label, these have ${first?.inputs.length ?? 0} and ${first?.labels.length ?? 0}`;
    throw new TandemError('BAD_OPTION', what, 'leave --browsers out, or use other data');
  }
  return {
    inputs: joined(batches.flatMap(({ inputs }) => inputs)),
    labels: joined(batches.flatMap(({ labels }) => labels)),
  };
}

function joined(parts: readonly NdArray[]): NdArray {
  const [first, size] = [parts[0], parts.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0)];
  const length = parts.reduce((sum, { data }) => sum + data.length, 0);
  const isFloat = first?.dtype === 'float32';
  const all = isFloat ? new Float32Array(length) : new Int32Array(length);
  let at = 0;
  for (const { data } of parts) {
    all.set(data, at);
    at += data.length;
  }
  return ndarray(isFloat ? 'float32' : 'int32', [size, ...(first?.shape.slice(1) ?? [])], all);
}

/** Pixels are bytes divided by 255, and a quarter as long as such; undefined where a value is none. */
function asBytes({ dtype, shape, data }: NdArray): NdArray | undefined {
  // Three dimensions of bytes are read as grey images, which get a fourth.
  if (dtype !== 'float32' || shape.length === 3) return undefined;
  const bytes = new Uint8Array(data.length);
  for (const [i, value] of data.entries()) {
    const byte = Math.round(value * 255);
    if (byte < 0 || byte > 255 || Math.fround(byte * (1 / 255)) !== value) return undefined;
    bytes[i] = byte;
  }
  return ndarray('uint8', shape, bytes);
}
