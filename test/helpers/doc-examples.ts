import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** A program made of the code blocks of a page or of a doc comment. */
export interface DocExample {
  /** The file, and the line where its first block begins. */
  readonly name: string;
  readonly code: string;
}

const FENCE = /^\s*```/;

/**
 * The programs of a Markdown page: a block that opens with "```ts runnable" begins one, "```ts continued" goes on with
 * it. Other blocks are not run.
 */
export function pageExamples(path: string): DocExample[] {
  const programs: DocExample[] = [];
  for (const { info, line, code } of blocksOf(readFileSync(path, 'utf8').split('\n'))) {
    const last = programs.at(-1);
    if (info === 'ts runnable') programs.push({ name: `${path}:${line}`, code });
    if (info !== 'ts continued') continue;
    if (!last) throw new Error(`${path}:${line} continues nothing`);
    programs[programs.length - 1] = { ...last, code: `${last.code}\n${code}` };
  }
  return programs;
}

/** The ts blocks in the doc comments of a source file. */
export function commentExamples(path: string): DocExample[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  const comments = lines.map((line) => (/^\s*\*( |$)/.test(line) ? line.replace(/^\s*\* ?/, '') : ''));
  const blocks = [...blocksOf(comments)].filter(({ info }) => info === 'ts');
  return blocks.map(({ line, code }) => ({ name: `${path}:${line}`, code }));
}

/** A file name for an example's program. */
export function fileNameOf({ name }: DocExample, index: number): string {
  return `${index}-${basename(name).replace(/\W+/g, '-')}.ts`;
}

function* blocksOf(lines: readonly string[]): Generator<{ info: string; line: number; code: string }> {
  let open: { info: string; line: number; code: string[] } | undefined;
  for (const [index, line] of lines.entries()) {
    if (!FENCE.test(line)) open?.code.push(line);
    else if (open) {
      yield { ...open, code: open.code.join('\n') };
      open = undefined;
    } else open = { info: line.replace(FENCE, '').trim(), line: index + 1, code: [] };
  }
}
