import { parseCsv } from '../../../shared/data/csv.js';
import type { TableSchema } from '../../../shared/data/table.js';
import { decodeWav } from '../../../shared/data/wav.js';
import type { ClassifiedFile } from './data-source.js';

/** A sample as its owner knows it. */
export interface OwnSample {
  /** Its file, and in a table its line. */
  readonly name: string;
  /** Of a row of a table: what stands in each column. */
  readonly cells?: readonly (readonly [column: string, cell: string])[];
  /** Of a sound. */
  readonly wave?: Wave;
}

/** A sound in as many pieces as a picture of it is wide. */
export interface Wave {
  readonly seconds: number;
  /** Of each piece the least and the largest value. */
  readonly least: Float32Array;
  readonly largest: Float32Array;
}

const PIECES = 320;

/** The file of a picture. */
export function ownPicture({ path }: ClassifiedFile): OwnSample {
  return { name: path };
}

export async function ownSound({ file, path }: ClassifiedFile): Promise<OwnSample> {
  const { samplesPerSecond, data } = decodeWav(new Uint8Array(await file.arrayBuffer()), path);
  return { name: path, wave: waveOf(data, samplesPerSecond) };
}

/** Rows of a table by their place below its header, if it has one; the file is read again, as its text is not kept. */
export async function ownRows(
  bytes: Uint8Array,
  name: string,
  schema: TableSchema | undefined,
  rows: readonly number[],
): Promise<OwnSample[]> {
  const { rows: all, lines } = await parseCsv(bytes, name, schema);
  const header = schema?.header ?? true;
  const columns = header ? (all[0] ?? []) : (schema?.columns.map((column) => column.name) ?? []);
  return rows.map((row) => {
    const at = row + Number(header);
    const cells = columns.map((column, i) => [column, all[at]?.[i] ?? ''] as const);
    return { name: `${name}, line ${lines[at] ?? at + 1}`, cells };
  });
}

function waveOf(data: Float32Array, samplesPerSecond: number): Wave {
  const pieces = Math.min(PIECES, data.length);
  const [least, largest] = [new Float32Array(pieces), new Float32Array(pieces)];
  for (let piece = 0; piece < pieces; piece++) {
    const [from, to] = [piece, piece + 1].map((edge) => Math.floor((edge * data.length) / pieces));
    let [low, high] = [Infinity, -Infinity];
    for (let at = from ?? 0; at < (to ?? 0); at++) {
      low = Math.min(low, data[at] ?? 0);
      high = Math.max(high, data[at] ?? 0);
    }
    [least[piece], largest[piece]] = [low, high];
  }
  return { seconds: data.length / samplesPerSecond, least, largest };
}
