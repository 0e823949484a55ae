import type { Column, TableSchema } from '../data/table.js';

const number = (name: string, mean: number, deviation: number): Column => ({ name, kind: 'number', mean, deviation });
const category = (name: string, values: string): Column => ({ name, kind: 'category', values: values.split(' ') });

/** The files of UCI Adult; means and deviations are those of the 32,561 training rows. `?` has an input of its own. */
export const adultTable: TableSchema = {
  header: false,
  missing: [],
  // The test file begins with a remark.
  comment: '|',
  columns: [
    number('age', 38.5816, 13.6402),
    category(
      'workclass',
      '? Federal-gov Local-gov Never-worked Private Self-emp-inc Self-emp-not-inc State-gov Without-pay',
    ),
    number('fnlwgt', 189778, 105549),
    category(
      'education',
      '10th 11th 12th 1st-4th 5th-6th 7th-8th 9th Assoc-acdm Assoc-voc Bachelors Doctorate HS-grad Masters Preschool ' +
        'Prof-school Some-college',
    ),
    number('education-num', 10.0807, 2.57268),
    category(
      'marital-status',
      'Divorced Married-AF-spouse Married-civ-spouse Married-spouse-absent Never-married Separated Widowed',
    ),
    category(
      'occupation',
      '? Adm-clerical Armed-Forces Craft-repair Exec-managerial Farming-fishing Handlers-cleaners Machine-op-inspct ' +
        'Other-service Priv-house-serv Prof-specialty Protective-serv Sales Tech-support Transport-moving',
    ),
    category('relationship', 'Husband Not-in-family Other-relative Own-child Unmarried Wife'),
    category('race', 'Amer-Indian-Eskimo Asian-Pac-Islander Black Other White'),
    category('sex', 'Female Male'),
    number('capital-gain', 1077.65, 7385.18),
    number('capital-loss', 87.3038, 402.954),
    number('hours-per-week', 40.4375, 12.3472),
    category(
      'native-country',
      '? Cambodia Canada China Columbia Cuba Dominican-Republic Ecuador El-Salvador England France Germany Greece ' +
        'Guatemala Haiti Holand-Netherlands Honduras Hong Hungary India Iran Ireland Italy Jamaica Japan Laos Mexico ' +
        'Nicaragua Outlying-US(Guam-USVI-etc) Peru Philippines Poland Portugal Puerto-Rico Scotland South Taiwan ' +
        'Thailand Trinadad&Tobago United-States Vietnam Yugoslavia',
    ),
    // Labels of the test file end with a full stop.
    {
      name: 'income',
      kind: 'label',
      classes: [
        ['<=50K', '<=50K.'],
        ['>50K', '>50K.'],
      ],
    },
  ],
};
