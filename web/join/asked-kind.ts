import type { RunFacts } from '../../client/preview.js';

/** Images the model takes, or null where it takes none that can be drawn. */
export function imageOf({ inputs }: RunFacts): [number, number, number] | null {
  const [height, width, channels, ...more] = inputs[0]?.shape ?? [];
  return inputs.length === 1 && height && width && (channels === 1 || channels === 3) && more.length === 0
    ? [height, width, channels]
    : null;
}

/** The classes of the run's label, from 0; none where it is no class. */
export function classesOf({ labels }: RunFacts): number[] {
  const max = labels[0]?.max ?? -1;
  return labels.length === 1 && max < 1000 ? Array.from({ length: max + 1 }, (_, i) => i) : [];
}

/** What these classes are called, by the names of the run where it has some. */
export function classNamesOf(facts: RunFacts): readonly string[] {
  return classesOf(facts).map((number) => facts.names.classes?.[number] ?? String(number));
}

/** What is to be chosen or dropped as files, in a sentence, and which of the ways to choose some are of use. */
export function askedFiles({ reads }: Pick<RunFacts, 'reads'>, isParty: boolean): AskedFiles {
  if (isParty || reads === 'table')
    return { hint: 'Drop a CSV file with a header line here.', folder: false, single: false, table: true };
  if (reads === 'images')
    return { hint: `Drop ${FOLDER} images here, or single photos.`, folder: true, single: true, table: false };
  if (reads === 'sound')
    return { hint: `Drop ${FOLDER} .wav files here, or single ones.`, folder: true, single: true, table: false };
  const hint = `Drop ${FOLDER} images here, single photos, or a CSV file with a header line.`;
  return { hint, folder: true, single: true, table: true };
}

export interface AskedFiles {
  readonly hint: string;
  readonly folder: boolean;
  /** Files whose class is said on the page. */
  readonly single: boolean;
  readonly table: boolean;
}

const FOLDER = 'a folder with one folder a class of';
