import { median } from '../measuring.js';
import type { RecipeData } from './data-sets.js';
import { trainByCommand } from './tandem-side.js';
import { trainByTorch, type TorchRun } from './torch-side.js';

/** What is known of one data set, in bench/results/recipes.json. */
export interface MeasuredRecipe {
  readonly name: string;
  readonly title: string;
  readonly figure: 'accuracy' | 'r2';
  /** By how much Tandem may be worse. */
  readonly limit: number;
  /** Such as `mlp-small`. */
  readonly model: string;
  readonly weights: number;
  readonly trainRows: number;
  readonly testRows: number;
  readonly batch: number;
  readonly epochs: number;
  readonly tandem: number;
  readonly torch: number;
  /** One a seed. */
  readonly tandemRuns: readonly number[];
  readonly torchRuns: readonly number[];
}

/** One data set, trained by both sides with one seed after the other. */
export class RecipeRuns {
  private readonly pairs: { readonly tandem: number; readonly torch: TorchRun }[] = [];
  private decided = { model: '', batch: NaN, epochs: NaN };

  constructor(
    private readonly data: RecipeData,
    private readonly path: string,
    private readonly folder: string,
  ) {}

  get torch(): string {
    return this.pairs[0]?.torch.version ?? '';
  }

  async train(seed: number): Promise<MeasuredRecipe> {
    const { name, figure, flags } = this.data;
    const run = `${this.folder}-run-${seed}`;
    const { settings, decided, metrics } = await trainByCommand(this.path, run, ['--seed', String(seed), ...flags]);
    const model = decided.flatMap((line) => /^model\s+([\w-]+)/.exec(line)?.[1] ?? []).at(-1) ?? '';
    this.decided = { model, batch: Number(settings.batch), epochs: Number(settings.epochs) };
    const tandem = metrics[figure] ?? NaN;
    const torch = await trainByTorch(run, seed, this.decided.epochs);
    this.pairs.push({ tandem, torch });
    process.stderr.write(`${name}, seed ${seed}: Tandem ${tandem}, PyTorch ${torch.figure}\n`);
    return this.measured;
  }

  get measured(): MeasuredRecipe {
    const { name, title, figure, limit } = this.data;
    const { weights = NaN, trainRows = NaN, testRows = NaN } = this.pairs[0]?.torch ?? {};
    const tandemRuns = this.pairs.map(({ tandem }) => tandem);
    const torchRuns = this.pairs.map(({ torch }) => torch.figure);
    const own = { name, title, figure, limit, ...this.decided, weights, trainRows, testRows };
    return { ...own, tandem: median(tandemRuns), torch: median(torchRuns), tandemRuns, torchRuns };
  }
}
