import type { DataSource } from '../../client/browser/data/data-source.js';
import type { RunFacts } from '../../client/preview.js';
import { TandemError } from '../../shared/errors.js';
import type { PlaceOnCard } from '../../shared/run-card.js';
import { siteAddress } from '../site.js';
import { CameraPanel } from './camera-panel.js';
import { ClassChoice } from './class-choice.js';
import { DrawPad } from './draw-pad.js';
import { element } from './elements.js';
import { GatheredImages } from './gathered-images.js';
import { partySchema } from './party-table.js';
import { chosen, chosenTable, dropped, numberedClasses, sortOut, type GivenFiles } from './given-files.js';

export interface DataPanelOptions {
  readonly offersData: boolean;
  /** The visitor's, where each is another one. */
  readonly place?: PlaceOnCard;
  /** Another kind of source is chosen, of which nothing is there yet. */
  readonly onChoice: () => void;
  /** A source is complete: it is to be loaded. */
  readonly onSource: (source: DataSource) => void;
  readonly onTrouble: (error: unknown) => void;
}

/** Images the model takes, or null where it takes none that can be drawn. */
export function imageOf({ inputs }: RunFacts): [number, number, number] | null {
  const [height, width, channels, ...more] = inputs[0]?.shape ?? [];
  return inputs.length === 1 && height && width && (channels === 1 || channels === 3) && more.length === 0
    ? [height, width, channels]
    : null;
}

/** The classes of the run's label, from 0; none where it is no class. */
export function classesOf({ labels }: RunFacts): number[] {
  const max = labels[0]?.max ?? -1;
  return labels.length === 1 && max < 1000 ? Array.from({ length: max + 1 }, (_, i) => i) : [];
}

/** The part of the page where data are chosen, dropped, drawn or photographed. */
export class DataPanel {
  private pad: DrawPad | undefined;
  private drawn: GatheredImages | undefined;
  private camera: CameraPanel | undefined;
  /** What was chosen or dropped last. */
  private files: GivenFiles | undefined;
  private table: Extract<GivenFiles, { kind: 'table' }> | undefined;

  constructor(
    private readonly facts: RunFacts,
    private readonly options: DataPanelOptions,
  ) {
    const sources = element('sources', HTMLFieldSetElement);
    sources.disabled = false;
    element('offered-choice', HTMLLabelElement).hidden = !options.offersData;
    for (const id of ['draw-choice', 'camera-choice']) {
      element(id, HTMLLabelElement).hidden =
        options.place !== undefined || imageOf(facts) === null || classesOf(facts).length === 0;
    }
    sources.addEventListener('change', (event) => this.choose((event.target as HTMLInputElement).value));
    this.listenForFiles();
  }

  private choose(value: string): void {
    this.options.onChoice();
    for (const kind of ['files', 'draw', 'camera']) element(`${kind}-panel`, HTMLDivElement).hidden = value !== kind;
    if (value === 'camera') this.openCamera();
    else this.camera?.close();
    if (value === 'offered') this.options.onSource({ kind: 'offered', url: `${siteAddress()}data/` });
    if (value === 'draw') this.openPad();
    if (value === 'files' && this.files) this.given(this.files);
    if (value !== 'offered') element(`${value}-panel`, HTMLDivElement).scrollIntoView({ block: 'nearest' });
  }

  private listenForFiles(): void {
    const take = (found: Promise<Parameters<typeof sortOut>[0]>) =>
      void found.then(sortOut).then((given) => this.given(given), this.options.onTrouble);
    for (const id of ['folder', 'table']) {
      const input = element(id, HTMLInputElement);
      input.addEventListener('change', () => take(Promise.resolve(chosen(input))));
    }
    const drop = element('drop', HTMLDivElement);
    drop.addEventListener('dragover', (event) => {
      event.preventDefault();
      drop.classList.add('over');
    });
    drop.addEventListener('dragleave', () => drop.classList.remove('over'));
    drop.addEventListener('drop', (event) => {
      event.preventDefault();
      drop.classList.remove('over');
      if (event.dataTransfer) take(dropped(event.dataTransfer));
    });
    const column = element('column', HTMLSelectElement);
    column.addEventListener('change', () => this.sendTable(column.value));
    element('ids', HTMLSelectElement).addEventListener('change', () => this.sendTable(column.value));
  }

  private given(given: GivenFiles): void {
    const { place } = this.options;
    this.files = given;
    this.table = given.kind === 'table' ? given : undefined;
    // Where the run says how tables are read, it says which column is the label, too; a passive party has none.
    const isToldLabel = place ? place.table !== null || place.party !== 'active' : this.facts.reads === 'table';
    element('column-row', HTMLParagraphElement).hidden = given.kind !== 'table' || isToldLabel;
    element('ids-row', HTMLParagraphElement).hidden = given.kind !== 'table' || !place;
    if (given.kind === 'images') {
      if (place)
        return this.options.onTrouble(
          new TandemError('BAD_DATA', 'these are images, and your place takes a table', 'choose a CSV file'),
        );
      const classes = numberedClasses(given.files, classesOf(this.facts));
      this.options.onSource(classes ? { ...given, classes } : given);
      return;
    }
    const column = element('column', HTMLSelectElement);
    column.replaceChildren(...given.columns.map((name) => new Option(name, name)));
    column.value = given.columns.at(-1) ?? '';
    if (place) this.offerIds(given.columns, place);
    this.sendTable(column.value);
  }

  private sendTable(label: string): void {
    const { table } = this;
    if (!table) return;
    const labelType = this.facts.labels[0]?.dtype === 'float32' ? 'float32' : 'int32';
    const { place } = this.options;
    if (place) {
      const ids = element('ids', HTMLSelectElement).value;
      const schema = partySchema(table.columns, place, { ids, label, labelType });
      return this.options.onSource({ kind: 'table', file: table.file, name: table.file.name, schema });
    }
    this.options.onSource({ ...chosenTable(table), label, labelType });
  }

  /** The first column that is none of the run's, where it says which those are. */
  private offerIds(columns: readonly string[], { table }: PlaceOnCard): void {
    const ids = element('ids', HTMLSelectElement);
    ids.replaceChildren(...columns.map((name) => new Option(name, name)));
    ids.value = columns.find((name) => !table?.columns.some((column) => column.name === name)) ?? '';
  }

  /** The data are chosen for good. */
  close(): void {
    this.camera?.close();
  }

  private openCamera(): void {
    const size = imageOf(this.facts);
    if (!size) return;
    const { onSource, onTrouble } = this.options;
    this.camera ??= new CameraPanel({ size, classes: classesOf(this.facts), onSource, onTrouble });
    void this.camera.open();
  }

  private openPad(): void {
    const image = imageOf(this.facts);
    if (!image) return;
    // What was drawn before is still there.
    if (this.drawn && this.drawn.count > 0) this.options.onSource(this.drawn.source);
    if (this.pad) return;
    const drawn = (this.drawn = new GatheredImages(image));
    const pad = (this.pad = new DrawPad(element('pad', HTMLDivElement)));
    const label = new ClassChoice('drawn-label', classesOf(this.facts));
    const count = element('drawn-count', HTMLParagraphElement);
    element('wipe', HTMLButtonElement).addEventListener('click', () => pad.wipe());
    element('keep', HTMLButtonElement).addEventListener('click', () => {
      const chosen = pad.isEmpty ? undefined : label.chosen;
      if (chosen === undefined) {
        count.textContent = pad.isEmpty ? 'Draw it first.' : 'Say first which it is.';
        return;
      }
      drawn.add(pad.pixels(image), chosen);
      pad.wipe();
      count.textContent = `${drawn.count} drawn`;
      this.options.onSource(drawn.source);
    });
  }
}
