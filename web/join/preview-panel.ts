import type { OwnSample } from '../../client/browser/data/own-sample.js';
import type { OwnPreview } from '../../client/browser/worker/calls.js';
import type { RunFacts } from '../../client/preview.js';
import type { NdArray } from '../../shared/ndarray.js';
import { bytesText, element } from './elements.js';
import { keptText } from './kept-text.js';
import { canvasOf, inputPicture, smashedPictures, wavePicture } from './pictures.js';

const SAMPLES = 3;

/** Which samples are shown: the first, the last, and one between them. */
export function shownRows(size: number): number[] {
  const rows = Array.from({ length: SAMPLES }, (_, i) => Math.round((i * (size - 1)) / (SAMPLES - 1)));
  return [...new Set(rows)].filter((row) => row < size && row >= 0);
}

/** Shows samples beside what would be sent of them. */
export function showPreview(preview: OwnPreview, facts: RunFacts): void {
  const { inputs, bytes } = preview;
  const count = inputs[0]?.shape[0] ?? 0;
  element('preview', HTMLDivElement).replaceChildren(
    ...Array.from({ length: count }, (_, row) => sample(preview, facts, row)),
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

function sample({ inputs, smashed, labels, own }: OwnPreview, { names }: RunFacts, row: number): HTMLElement {
  const box = document.createElement('div');
  box.className = 'sample';
  const stays = figure(own[row] ? `Stays here: ${own[row].name}` : 'Stays here', viewsOf(own[row], inputs, row));
  const maps = smashed.flatMap((array) => smashedPictures(array, row));
  const label = labels.map(({ data }) => labelText(data[row], names.classes)).join(', ');
  const title = label === '' ? 'Would be sent' : `Would be sent, with the label ${label}`;
  const pictures = maps.map((picture, i) =>
    canvasOf(picture, `What would be sent of sample ${row + 1}, picture ${i + 1}`),
  );
  box.append(stays, ...(maps.length > 0 ? [figure(title, pictures)] : []));
  return box;
}

/** A table and a sound as they are known, all else as the model takes it. */
function viewsOf(own: OwnSample | undefined, inputs: readonly NdArray[], row: number): readonly HTMLElement[] {
  if (own?.cells) return [cellsTable(own.cells)];
  if (own?.wave) {
    const seconds = own.wave.seconds.toFixed(own.wave.seconds < 10 ? 2 : 0);
    const wave = canvasOf(wavePicture(own.wave), `Sample ${row + 1}, a sound of ${seconds} s`);
    wave.classList.add('wave');
    return [wave];
  }
  return inputs.map((array) => canvasOf(inputPicture(array, row), `Sample ${row + 1}`));
}

function labelText(label: number | undefined, classes: readonly string[] | undefined): string {
  const name = classes?.[label ?? -1];
  return name === undefined || name === String(label) ? String(label ?? '') : `${label} (${name})`;
}

/** More columns are not read by anybody. */
const MOST_CELLS = 40;

function cellsTable(cells: NonNullable<OwnSample['cells']>): HTMLElement {
  const table = document.createElement('table');
  table.className = 'cells';
  for (const [column, cell] of cells.slice(0, MOST_CELLS)) {
    const [line, name, value] = [table.insertRow(), document.createElement('th'), document.createElement('td')];
    name.scope = 'row';
    [name.textContent, value.textContent] = [column, cell];
    line.append(name, value);
  }
  const left = cells.length - MOST_CELLS;
  if (left > 0) table.createCaption().textContent = `The first ${MOST_CELLS} of ${cells.length} columns`;
  return table;
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
