import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';
import { answerOf } from '../../shared/preparation/answer.js';
import type { Answer, Preparation } from '../../shared/preparation/preparation.js';
import { framesOf } from '../../shared/data/log-mel.js';
import { tableWidth } from '../../shared/data/table.js';
import { TandemError } from '../../shared/errors.js';
import { chooseRecipe } from './recipes/choose-recipe.js';
import { modelSizes, type RecipeText } from './recipes/recipe.js';

/** What was decided about a person's data. */
export interface Decided {
  readonly name: string;
  /** Where the data lie, as `--data` takes it. */
  readonly data: string;
  readonly preparation: Preparation;
  /** `small`, `medium`, or a module whose default export makes the model. */
  readonly model: string;
  readonly cut?: string | undefined;
  readonly batch: number;
  readonly epochs: number;
}

/** A task file, and what its model is in a few words. */
export interface TaskText {
  readonly text: string;
  readonly says: string;
}

/** Writes the task file of what was decided: the one source of the run, which a person may change. Throws BAD_OPTION. */
export function taskText(decided: Decided): TaskText {
  const { preparation, cut } = decided;
  const answer = answerOf(preparation);
  const recipe = recipeOf(decided, answer);
  const isTable = preparation.kind === 'table';
  const imports = ['adam', 'defineTask', ...(isTable ? ['tableWidth'] : []), 'tf'];
  const cuts = cut === undefined ? `{ 'u-shaped': '${recipe.twoCuts}', 'multi-hop': '${recipe.twoCuts}' }` : '{}';
  const lines = [
    '// @ts-check',
    '// Written by Tandem from what it found in the data. Change what you like, and train it again: tandem train <this file>.',
    `import { ${imports.join(', ')} } from 'tandem';`,
    ...recipe.imports,
    '',
    ...(recipe.layers.length > 0 ? [`const { ${recipe.layers.join(', ')} } = tf.layers;`, ''] : []),
    isTable
      ? '/** How the columns become numbers. @type {import("tandem").TableSchema} */'
      : '/** How the data become numbers. @type {import("tandem").Preparation} */',
    `const ${isTable ? 'table' : 'preparation'} = ${json(isTable ? preparation.table : preparation)};`,
    '',
    'export default defineTask({',
    `  name: ${quoted(decided.name)},`,
    `  data: ${quoted(decided.data)},`,
    `  ${isTable ? 'table' : 'preparation'},`,
    `  cut: ${quoted(cut ?? recipe.cut)},`,
    `  cuts: ${cuts},`,
    ...answerLines(answer),
    '  optimizer: adam(0.001),',
    `  batch: ${decided.batch},`,
    `  epochs: ${decided.epochs},`,
    '  model: () => {',
    ...recipe.body.map((line) => `    ${line}`),
    '  },',
    '});',
    '',
  ];
  return { text: lines.join('\n'), says: `${recipe.name}: ${recipe.says}` };
}

/** The shape of one sample. */
function shapeOf(preparation: Preparation): readonly number[] {
  switch (preparation.kind) {
    case 'table':
      return [tableWidth(preparation.table)];
    case 'images':
      return [...preparation.size, preparation.channels];
    case 'sound':
      return [framesOf(preparation.samplesPerSecond, preparation.seconds), preparation.bands];
    case 'arrays':
      return preparation.shape;
  }
}

function recipeOf({ preparation, model, cut }: Decided, answer: Answer): RecipeText & { readonly imports: string[] } {
  const shape = shapeOf(preparation);
  const outputs = answer.kind === 'classes' ? answer.classes.length : 1;
  const inputShape = preparation.kind === 'table' ? '[tableWidth(table)]' : JSON.stringify(shape);
  const size = modelSizes.find((name) => name === model);
  if (size) return { ...chooseRecipe(preparation, { size, inputShape, shape, outputs }), imports: [] };
  if (!/\.[cm]?js$/.test(model))
    throw new TandemError('BAD_OPTION', `there is no model '${model}'`, `use ${modelSizes.join(', ')} or a .js file`);
  if (cut === undefined)
    throw new TandemError(
      'BAD_OPTION',
      `where ${model} is cut is not known`,
      'give --cut, the name of one of its layers',
    );
  return {
    name: model,
    says: 'a model of your own',
    imports: [`import build from ${quoted(pathToFileURL(resolve(model)).href)};`],
    layers: [],
    body: [`return build({ inputShape: ${inputShape}, outputs: ${outputs} });`],
    cut,
    twoCuts: cut,
  };
}

function answerLines(answer: Answer): string[] {
  if (answer.kind === 'number')
    return [
      "  loss: 'meanSquaredError',",
      `  labels: [{ name: ${quoted(answer.name)}, dtype: 'float32', shape: [] }],`,
      "  metrics: ['meanAbsoluteError'],",
    ];
  const { length } = answer.classes;
  const metrics = ['accuracy', ...(length === 2 ? ['auc'] : []), 'confusionMatrix'];
  return [
    "  loss: 'softmaxCrossEntropy',",
    `  labels: [{ name: ${quoted(answer.name)}, dtype: 'int32', shape: [], min: 0, max: ${length - 1} }],`,
    `  classes: ${JSON.stringify(answer.classes)},`,
    `  metrics: ${JSON.stringify(metrics)},`,
  ];
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

const WIDTH = 120;

/** JSON as a person writes it: what fits on a line stands on one, and long lists fill lines. */
function json(value: unknown, indent = ''): string {
  const flat = flatJson(value);
  if (indent.length + flat.length <= WIDTH || typeof value !== 'object' || value === null) return flat;
  const inner = `${indent}  `;
  if (!Array.isArray(value)) {
    const fields = Object.entries(value).map(([name, own]) => `${inner}${keyOf(name)}: ${json(own, inner)},`);
    return `{\n${fields.join('\n')}\n${indent}}`;
  }
  const items = value.map((own) => json(own, inner));
  const areShort = value.every((own) => typeof own !== 'object');
  return `[\n${areShort ? filled(items, inner) : items.map((item) => `${inner}${item},`).join('\n')}\n${indent}]`;
}

function flatJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flatJson).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value).flatMap(([name, own]) =>
    own === undefined ? [] : [`${keyOf(name)}: ${flatJson(own)}`],
  );
  return `{ ${fields.join(', ')} }`;
}

function keyOf(name: string): string {
  return /^[a-z_]\w*$/i.test(name) ? name : quoted(name);
}

function filled(items: readonly string[], indent: string): string {
  const lines: string[] = [];
  for (const item of items) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + item.length + 2 <= WIDTH) lines[lines.length - 1] = `${last} ${item},`;
    else lines.push(`${indent}${item},`);
  }
  return lines.join('\n');
}
