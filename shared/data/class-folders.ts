import { TandemError } from '../errors.js';

/** A file of a folder with a folder a class. */
export interface ClassedFile {
  readonly path: string;
  /** Where it stands in the list that was given. */
  readonly place: number;
  readonly className: string;
  readonly part: 'train' | 'test';
}

export interface ClassFolders {
  readonly files: readonly ClassedFile[];
  /** Whether there are folders to train and to test on; else all is to train on. */
  readonly hasTest: boolean;
  /** The folder whose folders are the classes that are trained on: '' or a path that ends in a stroke. */
  readonly above: string;
  /** What was left out, a line each. */
  readonly leftOut: readonly string[];
}

/** As people call the parts of their data. */
const [TRAIN, TEST, VALIDATION] = [/^train(ing)?$/i, /^test(ing)?$/i, /^(val|valid|validation|dev)$/i];

/**
 * Tells class and part of each file by where it lies: `<class>/<file>`, or `train/<class>/<file>` and `test/<class>/<file>`, where
 * `val` may stand for a test that is missing; all may lie in one more folder, as archives unpack. Throws BAD_DATA for a file whose class nobody can tell.
 */
export function sortByClass(
  paths: readonly { readonly path: string; readonly place: number }[],
  what: string,
): ClassFolders {
  const names = paths.map(({ path }) => path.split('/'));
  const outer = outerFolders(names);
  const inner = names.map((each) => each.slice(outer));
  const tops = [...new Set(inner.map(([top = '']) => top))];
  const trained = tops.find((top) => TRAIN.test(top));
  const tested = tops.find((top) => TEST.test(top)) ?? tops.find((top) => VALIDATION.test(top));
  const hasTest = trained !== undefined && tested !== undefined;
  const spare = hasTest ? tops.filter((top) => top !== tested && VALIDATION.test(top)) : [];
  const left = new Map<string, number>();
  const files = paths.flatMap(({ path, place }, i): ClassedFile[] => {
    const own = inner[i] ?? [];
    const [top = ''] = own;
    if (spare.includes(top)) {
      left.set(top, (left.get(top) ?? 0) + 1);
      return [];
    }
    const className = own[hasTest ? 1 : 0] ?? '';
    if (own.length !== (hasTest ? 3 : 2) || (hasTest && top !== trained && top !== tested))
      throw classless(
        path,
        hasTest ? `${trained}/<class>/<${what}> or ${tested}/<class>/<${what}>` : `<class>/<${what}>`,
      );
    // One machine writes an accent as a letter of its own, the next as a part of its letter.
    return [{ path, place, className: className.normalize('NFC'), part: hasTest && top === tested ? 'test' : 'train' }];
  });
  return {
    files,
    hasTest,
    above: [...(names[0] ?? []).slice(0, outer), ...(hasTest ? [trained] : [])].map((name) => `${name}/`).join(''),
    leftOut: [...left].map(([top, count]) => `${count} files in ${top} left out: ${tested ?? ''} is tested on`),
  };
}

/** How many folders all files lie in, one in the other, above those of the classes. */
function outerFolders(names: readonly (readonly string[])[]): number {
  let depth = 0;
  const first = names[0] ?? [];
  while (names.every((each) => each.length > depth + 2 && each[depth] === first[depth])) depth++;
  return names.length === 0 ? 0 : depth;
}

/** Throws BAD_DATA where there is nothing to tell apart. */
export function refuseOneClass(classes: readonly string[], folder: string): void {
  if (classes.length > 1) return;
  throw new TandemError(
    'BAD_DATA',
    `${folder} has one class, '${classes[0] ?? ''}': there is nothing to learn`,
    'give one folder for each class, two at least',
  );
}

function classless(path: string, wanted: string): TandemError {
  return new TandemError(
    'BAD_DATA',
    `${path} does not lie in ${wanted}, so its class is not known`,
    'move it into the folder of its class',
  );
}
