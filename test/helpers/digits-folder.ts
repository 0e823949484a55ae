import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dataset } from '../../shared/data/dataset.js';
import { encodeIdx } from '../../shared/data/idx.js';
import { ndarray } from '../../shared/ndarray.js';
import { madeUpDigits } from './digits.js';

/** Writes made-up digits as a folder of idx files, for a server to offer or a command to read. */
export async function digitsFolder(samples: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-digits-'));
  const { train, test } = madeUpDigits(samples);
  const parts = { train, t10k: test as Dataset };
  for (const [name, part] of Object.entries(parts)) {
    const { inputs, labels } = await part.batch(Array.from({ length: part.size }, (_, row) => row));
    const pixels = Uint8Array.from(inputs[0]?.data ?? [], (value) => Math.round(value * 255));
    const classes = Uint8Array.from(labels[0]?.data ?? []);
    const files = {
      images: ndarray('uint8', [part.size, 28, 28], pixels),
      labels: ndarray('uint8', [part.size], classes),
    };
    await writeFile(join(folder, `${name}-images-idx3-ubyte`), encodeIdx(files.images));
    await writeFile(join(folder, `${name}-labels-idx1-ubyte`), encodeIdx(files.labels));
  }
  return folder;
}
