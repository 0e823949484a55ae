import { TandemError } from '../errors.js';
import type { TableSchema } from '../data/table.js';
import type { MetricValues } from '../metrics/metrics.js';
import type { Answer, Preparation } from './preparation.js';

/** What the model of a preparation answers. Throws BAD_DATA for a table whose label names no classes and is no number either. */
export function answerOf(preparation: Preparation): Answer {
  return preparation.kind === 'table' ? answerOfTable(preparation.table) : preparation.answer;
}

function answerOfTable({ columns }: TableSchema): Answer {
  const label = columns.find((column) => column.kind === 'label');
  if (label?.kind !== 'label') throw new TandemError('BAD_DATA', 'the table has no label', 'see docs/own-data.md');
  const { name, classes, dtype, mean = 0, deviation = 1 } = label;
  if (classes) return { kind: 'classes', name, classes: classes.map((texts) => [texts].flat()[0] ?? '') };
  if (dtype === 'float32') return { kind: 'number', name, mean, deviation };
  throw new TandemError(
    'BAD_DATA',
    `the label '${name}' lists no classes`,
    'list them in the schema (docs/own-data.md)',
  );
}

/** Figures of a test in the label's own unit, by name: of classes as they are, of numbers the mean and the root mean square of errors. */
export function figuresOf(
  answer: Answer,
  testLoss: number | null,
  metrics: MetricValues,
): Readonly<Record<string, number | null>> {
  const single = Object.entries(metrics).flatMap(([name, value]) =>
    typeof value === 'number' || value === null ? [[name, value] as const] : [],
  );
  if (answer.kind === 'classes') return Object.fromEntries([...single, ['loss', testLoss] as const]);
  const inUnit = single.map(([name, value]) => [name, value === null ? null : value * answer.deviation] as const);
  const root = testLoss === null ? null : Math.sqrt(testLoss) * answer.deviation;
  return Object.fromEntries([...inUnit, ['rootMeanSquaredError', root] as const]);
}

/** A figure as a person reads it. */
export function sayFigure(name: string, value: number | null): string {
  if (value === null) return `${nameOfFigure(name)} -`;
  if (name === 'accuracy') return `accuracy ${(100 * value).toFixed(1)} %`;
  return `${nameOfFigure(name)} ${value.toLocaleString('en', { maximumSignificantDigits: 4 })}`;
}

const shortNames: Readonly<Record<string, string>> = {
  meanAbsoluteError: 'mean error',
  rootMeanSquaredError: 'RMSE',
  auc: 'AUC',
  r2: 'R2',
};

export function nameOfFigure(name: string): string {
  return shortNames[name] ?? name;
}
