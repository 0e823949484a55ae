import { element } from './elements.js';

/** Where a person says of a picture which class it is. None is chosen before: the first would be taken for an answer. */
export class ClassChoice {
  private readonly select: HTMLSelectElement;

  constructor(id: string, classes: readonly number[], names: readonly string[]) {
    this.select = element(id, HTMLSelectElement);
    this.select.replaceChildren(
      new Option('choose', ''),
      ...classes.map((number, i) => new Option(names[i] ?? `${number}`, `${number}`)),
    );
  }

  /** Undefined where none is chosen: then the choice has the focus. */
  get chosen(): number | undefined {
    if (this.select.value !== '') return Number(this.select.value);
    this.select.focus();
    return undefined;
  }
}
