import type { Preview, RunFacts } from '../../client/preview.js';
import type { NdArray } from '../../shared/ndarray.js';
import { bytesText, element } from './elements.js';
import { keptText } from './kept-text.js';
import { canvasOf, inputPicture, smashedPictures } from './pictures.js';

const SAMPLES = 3;

/** Which samples are shown: the first, the last, and one between them. */
export function shownRows(size: number): number[] {
  const rows = Array.from({ length: SAMPLES }, (_, i) => Math.round((i * (size - 1)) / (SAMPLES - 1)));
  return [...new Set(rows)].filter((row) => row < size && row >= 0);
}

/** Shows samples beside what would be sent of them. */
export function showPreview(preview: Preview, facts: RunFacts): void {
  const { inputs, smashed, labels, bytes } = preview;
  const count = inputs[0]?.shape[0] ?? 0;
  element('preview', HTMLDivElement).replaceChildren(
    ...Array.from({ length: count }, (_, row) => sample(inputs, smashed, labels, row)),
  );
  element('preview-text', HTMLParagraphElement).textContent = sentence(facts, count, bytes);
}

function sentence({ sends, keeps, bottomWeights, labels: asked }: RunFacts, count: number, bytes: number): string {
  const amount = bottomWeights.toLocaleString('en');
  if (sends === 'weights')
    return `Nothing of your data is sent: the whole model is trained here. After each round its ${amount} weights are sent.`;
  const weights = `After each round the ${amount} weights of the model's part here are sent, too.`;
  const sent = sends === 'smashed data and labels' ? 'and the labels' : 'the labels stay here';
  const labels = asked.length === 0 ? 'and no labels' : sent;
  return (
    `Of these ${count} samples the server would get what is marked as sent, ${labels}: ${bytesText(bytes)}. ` +
    `It was computed just now by the part of the model this device would train. ${weights}` +
    (keeps === null ? '' : ` ${keptText(keeps)}`)
  );
}

function sample(inputs: readonly NdArray[], smashed: readonly NdArray[], labels: readonly NdArray[], row: number) {
  const box = document.createElement('div');
  box.className = 'sample';
  const stays = figure(
    'Stays here',
    [...inputs].map((array) => canvasOf(inputPicture(array, row), `Sample ${row + 1}`)),
  );
  const maps = smashed.flatMap((array) => smashedPictures(array, row));
  const label = labels.map(({ data }) => `${data[row] ?? ''}`).join(', ');
  const title = label === '' ? 'Would be sent' : `Would be sent, with the label ${label}`;
  const pictures = maps.map((picture, i) =>
    canvasOf(picture, `What would be sent of sample ${row + 1}, picture ${i + 1}`),
  );
  box.append(stays, ...(maps.length > 0 ? [figure(title, pictures)] : []));
  return box;
}

function figure(title: string, pictures: readonly HTMLElement[]): HTMLElement {
  const [part, heading, maps] = [
    document.createElement('div'),
    document.createElement('h3'),
    document.createElement('div'),
  ];
  heading.textContent = title;
  maps.className = 'maps';
  maps.append(...pictures);
  part.append(heading, maps);
  return part;
}
