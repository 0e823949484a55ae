import { readFile } from 'node:fs/promises';
import { arrayDataset, float32, int32, splitForTest, TandemError, type ClientData } from 'tandem/shared';

/**
 * A CSV table with text columns, as numbers. Text is one-hot, numbers are standardised. The encoding is written down here
 * and not learned from the rows: clients with a table each must all encode alike, or they train different models.
 */
interface Numbers {
  readonly name: string;
  /** Of the training rows. */
  readonly mean: number;
  readonly deviation: number;
}

interface Text {
  readonly name: string;
  /** All values there are; another one becomes zeros only. */
  readonly values: readonly string[];
}

type Column = Numbers | Text;

const text = (name: string, values: string): Text => ({ name, values: values.split(' ') });

/** The columns of UCI Adult in the order of its files; `?` is a value that is missing. The label comes last. */
const columns: readonly Column[] = [
  { name: 'age', mean: 38.58, deviation: 13.64 },
  text('workclass', '? Federal-gov Local-gov Never-worked Private Self-emp-inc Self-emp-not-inc State-gov Without-pay'),
  { name: 'fnlwgt', mean: 189778, deviation: 105549 },
  text(
    'education',
    '10th 11th 12th 1st-4th 5th-6th 7th-8th 9th Assoc-acdm Assoc-voc Bachelors Doctorate HS-grad Masters Preschool ' +
      'Prof-school Some-college',
  ),
  { name: 'education-num', mean: 10.08, deviation: 2.573 },
  text(
    'marital-status',
    'Divorced Married-AF-spouse Married-civ-spouse Married-spouse-absent Never-married Separated Widowed',
  ),
  text(
    'occupation',
    '? Adm-clerical Armed-Forces Craft-repair Exec-managerial Farming-fishing Handlers-cleaners Machine-op-inspct ' +
      'Other-service Priv-house-serv Prof-specialty Protective-serv Sales Tech-support Transport-moving',
  ),
  text('relationship', 'Husband Not-in-family Other-relative Own-child Unmarried Wife'),
  text('race', 'Amer-Indian-Eskimo Asian-Pac-Islander Black Other White'),
  text('sex', 'Female Male'),
  { name: 'capital-gain', mean: 1078, deviation: 7385 },
  { name: 'capital-loss', mean: 87.3, deviation: 403 },
  { name: 'hours-per-week', mean: 40.44, deviation: 12.35 },
  text(
    'native-country',
    '? Cambodia Canada China Columbia Cuba Dominican-Republic Ecuador El-Salvador England France Germany Greece ' +
      'Guatemala Haiti Holand-Netherlands Honduras Hong Hungary India Iran Ireland Italy Jamaica Japan Laos Mexico ' +
      'Nicaragua Outlying-US(Guam-USVI-etc) Peru Philippines Poland Portugal Puerto-Rico Scotland South Taiwan ' +
      'Thailand Trinadad&Tobago United-States Vietnam Yugoslavia',
  ),
];

/** How many numbers a row becomes: the width of the model's input. */
export const width = columns.reduce((sum, column) => sum + ('values' in column ? column.values.length : 1), 0);

export const howToGet =
  'get the data set "Adult" of the UCI Machine Learning Repository, unpack its file adult.data, and give the path as ' +
  'first argument or in ADULT_CSV';

/** Reads the table; one row in five is kept for testing, of each class its share. */
export async function loadAdult(path: string): Promise<ClientData> {
  const lines = (await readFile(path, 'utf8')).split('\n');
  const rows = lines.map((line) => line.split(',').map((cell) => cell.trim())).filter((cells) => cells.length > 1);
  const wrong = rows.findIndex((cells) => cells.length !== columns.length + 1);
  if (wrong >= 0)
    throw new TandemError('BAD_DATA', `row ${wrong + 1} of ${path} has ${rows[wrong]?.length} cells, not 15`);
  const features = Float32Array.from(rows.flatMap(encode));
  // The labels of adult.test end with a full stop.
  const labels = rows.map((cells) => Number(cells.at(-1)?.startsWith('>50K')));
  const all = arrayDataset([float32([rows.length, width], features)], [int32([rows.length], labels)]);
  return splitForTest(all);
}

function encode(cells: readonly string[]): number[] {
  return columns.flatMap((column, i) => {
    const cell = cells[i] ?? '';
    if ('values' in column) return column.values.map((value) => Number(value === cell));
    return [(Number(cell) - column.mean) / column.deviation];
  });
}

/** What `--data dist/examples/table/data.js` calls. */
export default async function load(): Promise<ClientData> {
  const { ADULT_CSV: path } = process.env;
  if (!path) throw new TandemError('MISSING', 'ADULT_CSV is not set', howToGet);
  return loadAdult(path);
}
