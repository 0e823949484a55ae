import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import { commentExamples, fileNameOf, pageExamples, type DocExample } from '../helpers/doc-examples.js';
import { wholeSuite } from '../helpers/whole-suite.js';

const run = promisify(execFile);

/** Below the project, so that `tandem/...` means the built package. */
const FOLDER = 'dist/docs-examples';

/** What the examples in doc comments take as given, made small; the address they name is that of a server made here. */
const given = `
import { loadMnist, join, predict } from 'tandem/client';
import { serve as startServer, type ServeOptions } from 'tandem/server';
import { simulate as startSimulation, type SimulateOptions } from 'tandem/simulator';
import { findTask, limited, type Batch } from 'tandem/shared';
const task = findTask('mnist-mlp');
const mnist = await loadMnist();
const data = { train: limited(mnist.train, 300), test: limited(mnist.train, 100) };
const batches: Batch[] = [await data.test.batch([3, 1, 4])];
`;

const setups: Record<string, string> = {
  'server/serve.ts': `${given}
    async function serve(options: ServeOptions) {
      const server = await startServer({ ...options, port: 0, steps: 6 });
      for (let i = 0; i < (options.clients ?? 1); i++) void takePart(server.url);
      return server;
    }
    async function takePart(url: string) { for await (const _ of join(url, { data })); }`,
  'client/node/join.ts': `${given} const { url } = await startServer({ task, steps: 4 });`,
  'client/node/predict.ts': `${given}
    const { url, close } = await startServer({ task, keepServing: true });
    setTimeout(close, 2000);`,
  'simulator/simulate.ts': `${given}
    const simulate = (options: SimulateOptions) => startSimulation({ ...options, steps: 8 });`,
};

const pages = ['README.md', ...readdirSync('docs').flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : []))];
const inComments = Object.entries(setups).flatMap(([path, setup]) =>
  commentExamples(path).map(({ name, code }) => ({
    name,
    code: `${setup}\n${code.replaceAll("'ws://127.0.0.1:8080'", 'url')}`,
  })),
);
const examples: DocExample[] = [...pages.flatMap(pageExamples), ...inComments];
const files = examples.map((example, i) => join(FOLDER, fileNameOf(example, i)));

function compile(): string[] {
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ['node'],
    strict: true,
    skipLibCheck: true,
  });
  const { diagnostics } = program.emit();
  return [...ts.getPreEmitDiagnostics(program), ...diagnostics].map(
    ({ file, start = 0, messageText }) =>
      `${file?.fileName ?? ''} at ${start}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
  );
}

describe('code in the documentation', () => {
  beforeAll(() => {
    rmSync(FOLDER, { recursive: true, force: true });
    mkdirSync(FOLDER, { recursive: true });
    // An export makes a module of every block, with top-level await.
    examples.forEach(({ code }, i) => writeFileSync(files[i] ?? '', `${code}\nexport {};\n`));
  });

  it('is found where it is promised', () => {
    const names = examples.map(({ name }) => name.split(':')[0]);
    expect(names).toEqual(
      expect.arrayContaining(['README.md', 'docs/from-the-two-part-recipe.md', ...Object.keys(setups)]),
    );
  });

  it('has the right types', () => {
    expect(compile()).toEqual([]);
  });

  const scripts = examples.map(({ name }, i) => ({ name, file: files[i] ?? '' }));
  it.each(wholeSuite ? scripts : scripts.slice(0, 2))('$name runs', async ({ file }) => {
    await run(process.execPath, [resolve(file.replace(/ts$/, 'js'))]);
  });
});
