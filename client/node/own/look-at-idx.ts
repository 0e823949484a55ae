import type { ClientData } from '../../../shared/data/dataset.js';
import { TandemError } from '../../../shared/errors.js';
import type { ImagePreparation } from '../../../shared/preparation/preparation.js';
import { loadIdx } from '../data/idx.js';
import type { OwnSource } from './find-source.js';
import type { Looked } from './looked.js';
import { splitLine } from './split-line.js';

const MOST_CLASSES = 1000;

/** Finds out what idx files hold: pictures and labels, a pair or a folder named as MNIST's. Throws CANNOT_READ and BAD_DATA. */
export async function lookAtIdx(source: OwnSource): Promise<Looked> {
  const data = await loadIdx(...source.paths);
  const { inputs } = await data.train.batch([0]);
  const [, h = 0, w = 0, channels = 0] = inputs[0]?.shape ?? [];
  if (inputs[0]?.shape.length !== 4 || (channels !== 1 && channels !== 3))
    throw new TandemError(
      'BAD_DATA',
      `${source.paths.join(', ')} holds no pictures`,
      'give idx files of pictures and of labels',
    );
  let most = 0;
  for (let row = 0; row < data.train.size; row++) most = Math.max(most, data.train.label(row));
  if (!(most >= 1 && most < MOST_CLASSES))
    throw new TandemError('BAD_DATA', `the largest label is ${most}`, 'give class numbers from 0');
  const classes = Array.from({ length: most + 1 }, (_, i) => String(i));
  const preparation: ImagePreparation = {
    kind: 'images',
    size: [h, w],
    channels,
    answer: { kind: 'classes', name: 'label', classes },
  };
  const own = { ...data, names: { classes } };
  const isApart = source.paths.length === 1;
  const tested = data.test?.size ?? 0;
  return {
    preparation,
    data: own,
    facts: `${(data.train.size + tested).toLocaleString('en')} pictures of ${h} x ${w}, ${classes.length} classes`,
    columns: [],
    rows: data.train.size,
    split:
      isApart && data.test
        ? `${tested.toLocaleString('en')} pictures of the files t10k`
        : splitLine(data.train.size, tested),
    notes: [],
  };
}

export async function readIdx(source: OwnSource, { answer }: ImagePreparation): Promise<ClientData> {
  const data = await loadIdx(...source.paths);
  return answer.kind === 'classes' ? { ...data, names: { classes: answer.classes } } : data;
}
