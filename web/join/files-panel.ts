import type { DataSource } from '../../client/browser/data/data-source.js';
import type { RunFacts } from '../../client/preview.js';
import { TandemError } from '../../shared/errors.js';
import type { PlaceOnCard } from '../../shared/run-card.js';
import { askedFiles, classesOf, classNamesOf } from './asked-kind.js';
import { element } from './elements.js';
import { chosen, chosenTable, dropped, numberedClasses, sortOut, type Found, type GivenFiles } from './given-files.js';
import { looseOf, LooseFiles } from './loose-files.js';
import { partySchema } from './party-table.js';

export interface FilesPanelOptions {
  /** The visitor's, where each is another one. */
  readonly place?: PlaceOnCard;
  /** What was chosen before counts no more, and nothing is there yet. */
  readonly onChoice: () => void;
  /** A source is complete: it is to be loaded. */
  readonly onSource: (source: DataSource) => void;
  readonly onTrouble: (error: unknown) => void;
}

/** Where files of this device are chosen or dropped: a table, pictures or sounds. */
export class FilesPanel {
  private readonly column = element('column', HTMLSelectElement);
  private readonly ids = element('ids', HTMLSelectElement);
  private readonly loose: LooseFiles;
  /** Whether files may lie in no folder of a class. */
  private readonly asksClasses: boolean;
  /** What was chosen or dropped last. */
  private last: GivenFiles | undefined;

  constructor(
    private readonly facts: RunFacts,
    private readonly options: FilesPanelOptions,
  ) {
    const { hint, ...ways } = askedFiles(facts, options.place !== undefined);
    this.asksClasses = ways.single && classesOf(facts).length > 0;
    element('drop-hint', HTMLParagraphElement).textContent = hint;
    for (const id of ['folder', 'single', 'table'] as const) {
      element(`${id}-button`, HTMLLabelElement).hidden = !ways[id];
      const input = element(id, HTMLInputElement);
      input.hidden = !ways[id];
      input.addEventListener('change', () => {
        this.take(Promise.resolve(chosen(input)));
        // The same file may be chosen again, when it was corrected.
        input.value = '';
      });
    }
    this.loose = new LooseFiles(classNamesOf(facts), {
      onGiven: (given) => this.given(given),
      onNone: () => {
        this.last = undefined;
        options.onChoice();
      },
    });
    this.listenForDrops();
    for (const select of [this.column, this.ids]) select.addEventListener('change', () => this.sendTable());
  }

  /** What was given before is still there. */
  open(): void {
    if (this.last) this.given(this.last);
  }

  private listenForDrops(): void {
    const drop = element('drop', HTMLDivElement);
    drop.addEventListener('dragover', (event) => {
      event.preventDefault();
      drop.classList.add('over');
    });
    drop.addEventListener('dragleave', () => drop.classList.remove('over'));
    drop.addEventListener('drop', (event) => {
      event.preventDefault();
      drop.classList.remove('over');
      if (event.dataTransfer) this.take(dropped(event.dataTransfer));
    });
  }

  private take(found: Promise<readonly Found[]>): void {
    void found.then((files) => this.sorted(files)).catch(this.options.onTrouble);
  }

  private async sorted(files: readonly Found[]): Promise<void> {
    const loose = this.asksClasses ? looseOf(files) : undefined;
    if (loose) return this.loose.ask(loose);
    this.loose.clear();
    this.given(await sortOut(files));
  }

  private given(given: GivenFiles): void {
    const { place } = this.options;
    this.last = given;
    const isTable = given.kind === 'table';
    // Where the run says how tables are read, it says which column is the label, too; a passive party has none.
    const isToldLabel = place ? place.table !== null || place.party !== 'active' : this.facts.reads === 'table';
    element('column-row', HTMLParagraphElement).hidden = !isTable || isToldLabel;
    element('ids-row', HTMLParagraphElement).hidden = !isTable || !place;
    if (given.kind !== 'table') return this.sendFiles(given);
    this.column.replaceChildren(...given.columns.map((name) => new Option(name, name)));
    this.column.value = given.columns.at(-1) ?? '';
    if (place) this.offerIds(given.columns, place);
    this.sendTable();
  }

  private sendFiles(given: Exclude<GivenFiles, { kind: 'table' }>): void {
    const { place, onSource, onTrouble } = this.options;
    if (place) {
      const what = `these are ${given.kind}, and your place takes a table`;
      return onTrouble(new TandemError('BAD_DATA', what, 'choose a CSV file'));
    }
    const classes = given.kind === 'images' ? numberedClasses(given.files, classesOf(this.facts)) : undefined;
    onSource(given.kind === 'images' && classes ? { ...given, kind: 'images', classes } : given);
  }

  private sendTable(): void {
    const { last: table, options } = this;
    if (table?.kind !== 'table') return;
    const { place, onSource } = options;
    const label = this.column.value;
    const labelType = this.facts.labels[0]?.dtype === 'float32' ? 'float32' : 'int32';
    if (!place) return onSource({ ...chosenTable(table), label, labelType });
    const schema = partySchema(table.columns, place, { ids: this.ids.value, label, labelType });
    onSource({ kind: 'table', file: table.file, name: table.file.name, schema });
  }

  /** The first column that is none of the run's, where it says which those are. */
  private offerIds(columns: readonly string[], { table }: PlaceOnCard): void {
    this.ids.replaceChildren(...columns.map((name) => new Option(name, name)));
    this.ids.value = columns.find((name) => !table?.columns.some((column) => column.name === name)) ?? '';
  }
}
