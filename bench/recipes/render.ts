import { markdownTable, writeSection } from '../markdown.js';
import { count } from '../measuring.js';
import { root } from '../results.js';
import type { MeasuredRecipe } from './recipe-runs.js';

export interface RecipesBench {
  readonly date: string;
  readonly machine: string;
  readonly torch: string;
  readonly recipes: readonly MeasuredRecipe[];
}

/** Writes the table into docs/own-data.md, and answers it. */
export async function renderRecipes(bench: RecipesBench): Promise<string> {
  const head = [
    'data',
    'model',
    'weights',
    'trained on',
    'tested on',
    'epochs',
    'Tandem',
    'PyTorch',
    'difference',
    'seeds',
  ];
  const rows = bench.recipes.map((recipe) => [
    recipe.title,
    recipe.model,
    ...[recipe.weights, recipe.trainRows, recipe.testRows, recipe.epochs].map(count),
    sayFigure(recipe, recipe.tandem),
    sayFigure(recipe, recipe.torch),
    sayDifference(recipe),
    String(recipe.tandemRuns.length),
  ]);
  const caption = `Medians over seeds. ${bench.torch}; ${bench.machine}, ${bench.date}.`;
  const table = `${markdownTable([head, ...rows])}\n\n${caption}`;
  await writeSection(new URL('docs/own-data.md', root), 'bench:recipes', table);
  return table;
}

/** Whether Tandem is worse by no more than it may be. */
export function isWithin({ tandem, torch, limit }: MeasuredRecipe): boolean {
  return torch - tandem <= limit;
}

function sayFigure({ figure }: MeasuredRecipe, value: number): string {
  return figure === 'accuracy' ? `${(100 * value).toFixed(1)} %` : `R2 ${value.toFixed(3)}`;
}

function sayDifference({ figure, tandem, torch }: MeasuredRecipe): string {
  const difference = tandem - torch;
  const sign = difference < 0 ? '-' : '+';
  return figure === 'accuracy'
    ? `${sign}${Math.abs(100 * difference).toFixed(1)} points`
    : `${sign}${Math.abs(difference).toFixed(3)}`;
}
