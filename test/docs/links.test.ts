import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const LINK = /\]\(([^)\s]+)\)/g;

const pages = [
  'README.md',
  'CHANGELOG.md',
  'examples/README.md',
  ...['docs', 'docs/decisions'].flatMap((folder) =>
    readdirSync(folder).flatMap((name) => (name.endsWith('.md') ? [`${folder}/${name}`] : [])),
  ),
];

interface Target {
  readonly path: string;
  readonly anchor: string | undefined;
}

/** The links of a page to files of the repository. */
function linksOf(page: string): Target[] {
  return [...readFileSync(page, 'utf8').matchAll(LINK)].flatMap(([, link = '']) => {
    if (link.includes('://')) return [];
    const [path = '', anchor] = link.split('#');
    return [{ path: path === '' ? page : normalize(join(dirname(page), path)), anchor }];
  });
}

/** The names that headings can be linked by. */
function anchorsOf(page: string): string[] {
  const headings = readFileSync(page, 'utf8').match(/^#+ .*$/gm) ?? [];
  return headings.map((heading) =>
    heading
      .replace(/^#+ /, '')
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

describe('links in the documentation', () => {
  it.each(pages)('%s links only to what is there', (page) => {
    const broken = linksOf(page).filter(
      ({ path, anchor }) => !existsSync(path) || (anchor !== undefined && !anchorsOf(path).includes(anchor)),
    );
    expect(broken).toEqual([]);
  });

  it('reach every page in three clicks from the README', () => {
    let reached = new Set(['README.md']);
    for (let click = 0; click < 3; click++) {
      const found = [...reached].filter((path) => path.endsWith('.md')).flatMap(linksOf);
      reached = new Set([...reached, ...found.map(({ path }) => path)]);
    }
    expect(pages.filter((page) => !reached.has(page))).toEqual([]);
  });
});
