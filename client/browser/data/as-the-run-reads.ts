import { TandemError } from '../../../shared/errors.js';
import type { Preparation } from '../../../shared/preparation/preparation.js';
import type { RunReading } from '../../../shared/run-reading.js';
import type { RunFacts } from '../../preview.js';
import type { DataSource } from './data-source.js';

/**
 * A table by the run's schema, where the run has one and the table none of its own; pictures as classes that the run names; sounds as the run says.
 * Throws BAD_DATA for files of another kind than the run's.
 */
export function asTheRunReads(source: DataSource, reading: RunReading | null): DataSource {
  if (!reading) return source;
  const { preparation } = reading;
  refuseOtherKind(source, preparation);
  if (source.kind === 'table' && source.schema === undefined && preparation.kind === 'table') {
    const { file, name } = source;
    return { kind: 'table', file, name, schema: preparation.table };
  }
  if (source.kind === 'sounds' && preparation.kind === 'sound') return { ...source, preparation };
  if (source.kind !== 'images' || preparation.kind !== 'images') return source;
  const { answer, skipUnreadable = false } = preparation;
  const named = answer.kind === 'classes' && !source.classes ? { classes: answer.classes } : {};
  return { ...source, ...named, ...(skipUnreadable ? { skipUnreadable } : {}) };
}

/** What is known of a run, with what it says of its data. */
export function factsAsRead(facts: RunFacts, { preparation }: RunReading): RunFacts {
  const named =
    preparation.kind !== 'table' && preparation.answer.kind === 'classes' ? preparation.answer.classes : null;
  return { ...facts, names: { ...(named ? { classes: named } : {}), ...facts.names }, reads: preparation.kind };
}

const given = { images: 'images', sounds: 'sound', table: 'table' } as const;
const names = { images: 'pictures', sound: 'sounds', table: 'a table' } as const;
const wanted = { images: 'PNG or JPEG files', sound: '.wav files', table: 'a CSV file' } as const;

function refuseOtherKind({ kind }: DataSource, { kind: own }: Preparation): void {
  if (own === 'arrays' || kind === 'arrays' || kind === 'offered' || given[kind] === own) return;
  throw new TandemError(
    'BAD_DATA',
    `${names[given[kind]]} ${kind === 'table' ? 'was' : 'were'} given, and this run takes ${names[own]}`,
    `give ${wanted[own]}`,
  );
}
