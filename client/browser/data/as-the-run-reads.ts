import type { RunReading } from '../../../shared/run-reading.js';
import type { DataSource } from './data-source.js';

/** A table by the run's schema, where the run has one and the table none of its own; pictures as classes that the run names. */
export function asTheRunReads(source: DataSource, reading: RunReading | null): DataSource {
  if (!reading) return source;
  const { preparation } = reading;
  if (source.kind === 'table' && source.schema === undefined && preparation.kind === 'table') {
    const { file, name } = source;
    return { kind: 'table', file, name, schema: preparation.table };
  }
  if (source.kind !== 'images' || source.classes || preparation.kind !== 'images') return source;
  return preparation.answer.kind === 'classes' ? { ...source, classes: preparation.answer.classes } : source;
}
