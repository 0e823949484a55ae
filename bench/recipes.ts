import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine } from './measuring.js';
import { recipeData } from './recipes/data-sets.js';
import { isWithin, renderRecipes, type RecipesBench } from './recipes/render.js';
import { RecipeRuns, type MeasuredRecipe } from './recipes/recipe-runs.js';
import { root, writeResult } from './results.js';

/**
 * `npm run bench:recipes -- [--seeds 3] [--epochs N] [--only digits] [digits=10000] [NAME=PATH ...]`: what `tandem train` makes of data against PyTorch with the same
 * network, rows, split, batches and epochs, and all rows in one place. What is measured replaces its row in bench/results/recipes.json and
 * in the table in docs/own-data.md, from the first seed of each on; it fails where Tandem is worse than it may be.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string', default: '3' },
    only: { type: 'string', multiple: true },
    epochs: { type: 'string' },
  },
});
const paths = new Map(positionals.map((each) => [each.split('=')[0], each.slice(each.indexOf('=') + 1)] as const));
const asked = recipeData.filter(
  ({ name, isGiven }) => (!isGiven || paths.has(name)) && (values.only?.includes(name) ?? true),
);
/** By default those that the command chooses. */
const flags = values.epochs === undefined ? [] : ['--epochs', values.epochs];
const folder = await mkdtemp(join(tmpdir(), 'tandem-recipes-'));
try {
  const sets: RecipeRuns[] = [];
  for (const data of asked) {
    const own = join(folder, data.name);
    sets.push(
      new RecipeRuns(
        { ...data, flags: [...data.flags, ...flags] },
        await data.make(paths.get(data.name) ?? '', own),
        own,
      ),
    );
  }
  // One seed of all comes before the next, so that what is known of each grows alike.
  for (let seed = 1; seed <= Number(values.seeds); seed++)
    for (const runs of sets) await keep(await runs.train(seed), runs.torch);
  if (!sets.every(({ measured }) => isWithin(measured))) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true });
}

async function keep(measured: MeasuredRecipe, torch: string): Promise<void> {
  const text = await readFile(new URL('bench/results/recipes.json', root), 'utf8').catch(() => '{}');
  const { recipes = [] } = JSON.parse(text) as Partial<RecipesBench>;
  const order = recipeData.map(({ name }) => name);
  const all = [...recipes.filter(({ name }) => name !== measured.name), measured];
  all.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  const bench = { date: new Date().toISOString().slice(0, 10), machine: machine(), torch, recipes: all };
  await writeResult('recipes', bench);
  process.stdout.write(`${await renderRecipes(bench)}\n`);
}
