import type { LabelKind } from '../../shared/metrics/label-kind.js';
import type { NdArray } from '../../shared/ndarray.js';

/**
 * Every metric by its definition, one sample, class or pair at a time, of all test samples at once: what the product's own sums
 * are held against. It shares no code with shared/metrics/.
 */
export function independently(kind: LabelKind, labels: NdArray, outputs: NdArray): Record<string, unknown> {
  const rows = outputs.shape[0] ?? 0;
  const scores = split([...outputs.data], rows);
  const given = split([...labels.data], rows);
  if (kind === 'number') return { meanAbsoluteError: mean(scores.map((row, i) => distance(row, given[i] ?? []))) };
  if (kind === 'multi-label') {
    const right = scores.map((row, i) => mean(row.map((score, j) => ((score > 0 ? 1 : 0) === given[i]?.[j] ? 1 : 0))));
    return { accuracy: mean(right) };
  }
  const truth = given.map((row) => (kind === 'one-hot' ? row.indexOf(1) : (row[0] ?? NaN)));
  const guess = scores.map((row) => (row.length === 1 ? Number((row[0] ?? 0) > 0) : row.indexOf(Math.max(...row))));
  const classes = scores[0]?.length === 1 ? 2 : (scores[0]?.length ?? 0);
  const margins = scores.map(([first = 0, second]) => (second === undefined ? first : second - first));
  return ofClasses(truth, guess, classes, margins);
}

function ofClasses(truth: number[], guess: number[], classes: number, margins: number[]): Record<string, unknown> {
  const count = (test: (i: number) => boolean) => truth.filter((_, i) => test(i)).length;
  const each = Array.from({ length: classes }, (_, k) => {
    const hits = count((i) => truth[i] === k && guess[i] === k);
    const [real, named] = [count((i) => truth[i] === k), count((i) => guess[i] === k)];
    const [p, r] = [named > 0 ? hits / named : 0, real > 0 ? hits / real : 0];
    return { p, r, f: p + r > 0 ? (2 * p * r) / (p + r) : 0, occurs: real + named > 0 };
  });
  const present = each.filter(({ occurs }) => occurs);
  const two =
    classes === 2 ? { precision: each[1]?.p, recall: each[1]?.r, f1: each[1]?.f, auc: area(truth, margins) } : {};
  return {
    accuracy: count((i) => truth[i] === guess[i]) / truth.length,
    ...two,
    macroPrecision: mean(present.map(({ p }) => p)),
    macroRecall: mean(present.map(({ r }) => r)),
    macroF1: mean(present.map(({ f }) => f)),
    confusionMatrix: each.map((_, k) => each.map((_other, l) => count((i) => truth[i] === k && guess[i] === l))),
  };
}

/** Mann and Whitney's: pair by pair. */
function area(truth: number[], margins: number[]): number | null {
  const pairs = truth.flatMap((one, i) =>
    one === 1
      ? truth.flatMap((other, j) => (other === 0 ? [(Math.sign((margins[i] ?? 0) - (margins[j] ?? 0)) + 1) / 2] : []))
      : [],
  );
  return pairs.length > 0 ? mean(pairs) : null;
}

function distance(row: number[], other: number[]): number {
  return mean(row.map((value, j) => Math.abs(value - (other[j] ?? NaN))));
}

function split(values: number[], rows: number): number[][] {
  const width = values.length / rows;
  return Array.from({ length: rows }, (_, i) => values.slice(i * width, (i + 1) * width));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
