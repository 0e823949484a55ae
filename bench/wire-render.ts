import { inSection, markdownTable } from './markdown.js';

/** What one codec does to one kind of tensor. */
export interface WireRow {
  readonly codec: string;
  /** Bytes of float32 over bytes of the codec. */
  readonly ratio: number;
  /** Float32 input, in 10^6 bytes a second. */
  readonly encodeMBs: number;
  readonly decodeMBs: number;
  readonly bothMBs: number;
  /** Root of the mean squared error, over that of the values. */
  readonly error: number;
}

export interface WireBench {
  readonly date: string;
  readonly machine: string;
  readonly smashed: readonly WireRow[];
  readonly gradients: readonly WireRow[];
  /** Of the smashed data. */
  readonly tab: { readonly version: string; readonly rows: readonly WireRow[] };
}

/** A page with the table in its place. */
export function withCodecs(page: string, { smashed, gradients, tab, machine, date }: WireBench): string {
  const rows = smashed.map((row) => {
    const other = gradients.find(({ codec }) => codec === row.codec);
    const inTab = tab.rows.find(({ codec }) => codec === row.codec)?.bothMBs;
    const speeds = [row.encodeMBs, row.decodeMBs, row.bothMBs, inTab].map((speed) =>
      speed === undefined ? '-' : Math.round(speed).toLocaleString('en'),
    );
    return [`\`${row.codec}\``, ...shown(row), ...(other ? shown(other) : ['-', '-']), ...speeds];
  });
  const head = ['codec', 'smaller', 'error', 'gradients', 'error', 'encode', 'decode', 'both', 'both, in a tab'];
  const caption =
    'How many times smaller than float32, and the root of the mean squared error over that of the values: smashed data of 64 samples of 14 x 14 x 6 after a ReLU, of which half are zeros, and ' +
    "gradients of the same shape, of which nine tenths are. Speeds in MB of float32 a second, one thread, the best of 100 messages. Deflate is Node's, for comparison. " +
    '`delta` is given the values that it has sent before, its best case. ' +
    `${machine}, Node and ${tab.version}, ${date}. \`npm run bench:wire\` measures it.`;
  return inSection(page, 'bench:wire', `${markdownTable([head, ...rows])}\n\n${caption}`);
}

function shown({ ratio, error }: WireRow): [string, string] {
  return [`${ratio.toFixed(1)} x`, error === 0 ? '0' : `${(100 * error).toPrecision(2)} %`];
}
