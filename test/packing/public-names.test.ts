import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

/** What the package offers: whoever adds or takes away a name changes what users rely on, and says so here. */
const golden = JSON.parse(read('test/packing/public-names.json')) as Readonly<Record<string, readonly string[]>>;

interface Exported {
  readonly name: string;
  /** Where it is declared. */
  readonly file: string;
}

/** The names that a `public.ts` gives on; it declares none itself. */
function exportsOf(file: string): Exported[] {
  const text = read(file);
  const lists = [...text.matchAll(/export (?:type )?\{([^}]*)\} from '([^']+)'/g)];
  return lists.flatMap(([, names = '', from = '']) =>
    names
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
      .filter((name) => name !== '')
      .map((name) => ({ name, file: join(dirname(file), from.replace(/\.js$/, '.ts')) })),
  );
}

/** Follows what a file only gives on. */
function declaredIn({ name, file }: Exported): string {
  const given = exportsOf(file).find((other) => other.name === name);
  return given && existsSync(join(root, given.file)) ? declaredIn(given) : file;
}

describe.each(Object.keys(golden))('%s', (file) => {
  it('exports the names that are listed', () => {
    expect(
      exportsOf(file)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(golden[file]);
  });

  it('says of each what it is', () => {
    const silent = exportsOf(file).filter((exported) => {
      const declared = new RegExp(
        String.raw`\*/\n(?:export )?(?:default |async |abstract )*(?:function\*?|class|interface|type|const) ${exported.name}\b`,
      );
      return !declared.test(read(declaredIn(exported)));
    });
    expect(silent.map(({ name }) => name)).toEqual([]);
  });
});

it('lists every entry of the package', () => {
  const { exports } = JSON.parse(read('package.json')) as { exports: Record<string, unknown> };
  const files = [...JSON.stringify(exports).matchAll(/dist\/([^"]*public)\.js/g)].map(([, name]) => `${name}.ts`);
  expect([...new Set(files)].sort()).toEqual(Object.keys(golden).sort());
});
