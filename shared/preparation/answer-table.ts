import { csvCells } from '../data/csv-cells.js';
import { chancesFrom, type Chances } from '../model/chances.js';
import type { Answer } from './preparation.js';

/** Probabilities of more classes are no table for anybody. */
const MOST_PROBABILITIES = 100;

export interface AnswerTableOptions {
  readonly answer: Answer;
  readonly chances: Chances | undefined;
  /** What the column is called that tells samples apart beside their place. */
  readonly idName?: string | undefined;
  /** Whether samples have labels. */
  readonly hasLabels: boolean;
}

/** One sample that was answered. */
export interface AnsweredRow {
  /** Its place in the data, from 0. */
  readonly row: number;
  readonly id?: string | undefined;
  /** As the model is trained on; NaN where there is none. */
  readonly label: number;
  readonly outputs: Float32Array;
}

/** What a model says of samples as lines of a CSV file: in words with the chance of each class, or in the label's own unit. */
export class AnswerTable {
  private readonly classes: readonly string[];

  constructor(private readonly options: AnswerTableOptions) {
    const { answer } = options;
    this.classes = answer.kind === 'classes' && answer.classes.length <= MOST_PROBABILITIES ? answer.classes : [];
  }

  get head(): string {
    const { idName, hasLabels } = this.options;
    const first = ['row', ...(idName === undefined ? [] : [idName]), ...(hasLabels ? ['label'] : [])];
    return csvCells([...first, 'predicted', ...this.classes.map((name) => `p(${name})`)]);
  }

  line({ row, id = '', label, outputs }: AnsweredRow): string {
    const { answer, chances: how, idName, hasLabels } = this.options;
    const first = [String(row), ...(idName === undefined ? [] : [id])];
    const inWords = (value: number) => (Number.isNaN(value) ? '' : wordOf(answer, value));
    if (answer.kind === 'number')
      return csvCells([...first, ...(hasLabels ? [inWords(label)] : []), inWords(outputs[0] ?? NaN)]);
    const chances = chancesFrom(outputs, how);
    // A model that has broken says nothing, and not the first class.
    const isKnown = !chances.some(Number.isNaN);
    const best = chances.reduce((found, value, i) => (value > (chances[found] ?? -Infinity) ? i : found), 0);
    const shown = this.classes.map((_, i) => String(chances[i] ?? ''));
    return csvCells([...first, ...(hasLabels ? [inWords(label)] : []), inWords(isKnown ? best : NaN), ...shown]);
  }
}

/** A value that a model is trained on, as the data said it. */
function wordOf(answer: Answer, value: number): string {
  if (answer.kind === 'classes') return answer.classes[value] ?? String(value);
  return String(value * answer.deviation + answer.mean);
}
