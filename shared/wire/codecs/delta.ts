import type { CodecContext, CodecState } from '../codec.js';
import { countOf, rowsOf, type Front, type Transform } from '../front.js';
import { within } from '../clamp-finite.js';
import { encodeAndReplay } from '../replay.js';
import { rowIn, withRows, type RowMemory } from '../row-memory.js';
import { steer, type Steering } from '../steering.js';
import { InnerContext } from '../tensor-context.js';

interface DeltaState {
  /** What the receiver made of each sample when it was last sent. */
  readonly rows: RowMemory;
  readonly inner: CodecState;
  /** Missing where the threshold stays. */
  readonly steering?: Steering;
}

/**
 * `delta`: of a sample that was sent before, only the difference to what the receiver has of it is sent (a closed loop: errors do not add up). With
 * `percent`, a sample that is nearer to that than so many hundredths of its length is not sent at all; with `auto` the loss steers how many. Rows are
 * samples by their numbers; where these are not known, values go as they are.
 */
export function delta(percent: number | 'auto'): Transform {
  /** The next state, with the threshold of this message. */
  const stateOf = (state: CodecState, { loss = null }: CodecContext) => {
    const before = (state ?? { rows: [], inner: null }) as DeltaState;
    if (percent !== 'auto') return { ...before, threshold: percent };
    const steering = steer(before.steering ?? null, loss);
    return { ...before, steering, threshold: steering.percent };
  };
  return (inner: Front): Front => ({
    encode(values, context, state, out) {
      const { samples } = context;
      const { rows: memory, inner: below, steering, threshold } = stateOf(state, context);
      const { rows, width } = rowsOf(context.shape, values.length);
      if (samples?.length !== rows) {
        const after = inner.encode(values, context, below, out);
        return joined(memory, after, steering);
      }
      const { sent, differences } = compare(values, memory, samples, width, threshold);
      out.put(sent, 1);
      const { values: heard, state: after } = encodeAndReplay(
        inner,
        differences,
        innerContext(context, sent, width),
        below,
        out,
      );
      return joined(remember(memory, samples, sent, heard, width), after, steering);
    },
    decode(context, state, from) {
      const { samples } = context;
      const { rows: memory, inner: below, steering } = stateOf(state, context);
      const { rows, width } = rowsOf(context.shape, countOf(context));
      if (samples?.length !== rows) {
        const { values, state: after } = inner.decode(context, below, from);
        return { values, state: joined(memory, after, steering) };
      }
      const sent = from.take(rows, 1);
      const { values: heard, state: after } = inner.decode(innerContext(context, sent, width), below, from);
      const values = new Float32Array(rows * width);
      let at = 0;
      for (let row = 0; row < rows; row++) {
        const before = rowIn(memory, samples[row] ?? 0, width);
        const own = values.subarray(row * width, (row + 1) * width);
        if (before) own.set(before);
        if (sent[row] === 0) continue;
        for (let i = 0; i < width; i++) own[i] = within((own[i] as number) + (heard[at++] as number));
      }
      return { values, state: joined(remember(memory, samples, sent, heard, width), after, steering) };
    },
    errorBound(values, context, state) {
      const { samples } = context;
      const { rows: memory, inner: below, threshold } = stateOf(state, context);
      const { rows, width } = rowsOf(context.shape, values.length);
      if (samples?.length !== rows) return inner.errorBound(values, context, below);
      const { sent, differences, largestLeft, largestKept } = compare(values, memory, samples, width, threshold);
      const coded = inner.errorBound(differences, innerContext(context, sent, width), below);
      return Math.max(largestLeft, coded + largestKept * 2 ** -22);
    },
  });
}

/** Which rows are sent, and how far they are from what the receiver has. */
function compare(values: Float32Array, memory: RowMemory, samples: Int32Array, width: number, percent: number) {
  const rows = samples.length;
  const sent = new Uint8Array(rows);
  const differences = new Float32Array(values.length);
  let [at, largestLeft, largestKept] = [0, 0, 0];
  for (let row = 0; row < rows; row++) {
    const before = rowIn(memory, samples[row] ?? 0, width);
    const start = row * width;
    let [moved, length, furthest] = [0, 0, 0];
    for (let i = 0; i < width; i++) {
      const value = values[start + i] as number;
      const old = before ? (before[i] as number) : 0;
      const difference = Math.fround(within(value - old));
      differences[at + i] = difference;
      moved += difference ** 2;
      length += value ** 2;
      furthest = Math.max(furthest, Math.abs(difference));
      largestKept = Math.max(largestKept, Math.abs(value), Math.abs(old));
    }
    if (before && Math.sqrt(moved) <= (percent / 100) * Math.sqrt(length)) {
      largestLeft = Math.max(largestLeft, furthest);
      continue;
    }
    sent[row] = 1;
    at += width;
  }
  return { sent, differences: differences.subarray(0, at), largestLeft, largestKept };
}

function remember(
  memory: RowMemory,
  samples: Int32Array,
  sent: Uint8Array,
  heard: Float32Array,
  width: number,
): RowMemory {
  const moved: Float32Array[] = [];
  const who: number[] = [];
  let at = 0;
  for (let row = 0; row < samples.length; row++) {
    if (sent[row] === 0) continue;
    const sample = samples[row] ?? 0;
    const before = rowIn(memory, sample, width);
    const own = heard.slice(at, at + width);
    at += width;
    if (before) for (let i = 0; i < width; i++) own[i] = within((own[i] as number) + (before[i] as number));
    who.push(sample);
    moved.push(own);
  }
  return withRows(memory, Int32Array.from(who), moved);
}

function innerContext(context: CodecContext, sent: Uint8Array, width: number): CodecContext {
  const rows = sent.reduce((sum, each) => sum + each, 0);
  const [, ...rowShape] = context.shape;
  return new InnerContext(context, context.shape.length > 1 ? [rows, ...rowShape] : [rows * width]);
}

function joined(rows: RowMemory, inner: CodecState, steering?: Steering): DeltaState | null {
  if (steering) return { rows, inner, steering };
  return rows.length === 0 && inner === null ? null : { rows, inner };
}
