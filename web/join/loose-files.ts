import type { ClassifiedFile } from '../../client/browser/data/data-source.js';
import { isSystemFile } from '../../shared/data/class-files.js';
import { PICTURES } from '../../shared/data/image-files.js';
import { SOUNDS } from '../../shared/data/sound-files.js';
import { element, whole } from './elements.js';
import type { Found, GivenFiles } from './given-files.js';

/** Pictures or sounds that lie in no folder, so that their class is still to be said. */
export interface Loose {
  readonly kind: 'images' | 'sounds';
  readonly files: readonly Found[];
}

/** Undefined where some lie in folders, or are neither all pictures nor all sounds. */
export function looseOf(found: readonly Found[]): Loose | undefined {
  const files = found.filter(({ path }) => !path.split('/').some(isSystemFile));
  const areAll = (name: RegExp) =>
    files.length > 0 && files.every(({ path }) => !path.includes('/') && name.test(path));
  if (areAll(PICTURES.read)) return { kind: 'images', files };
  return areAll(SOUNDS.read) ? { kind: 'sounds', files } : undefined;
}

export interface LooseFilesOptions {
  /** All that were given so far, with their classes. */
  readonly onGiven: (given: GivenFiles) => void;
  /** All were taken back. */
  readonly onNone: () => void;
}

/** Single pictures or sounds, some at a time; of those that came last the person says the class. */
export class LooseFiles {
  private readonly section = element('loose', HTMLDivElement);
  private readonly status = element('loose-status', HTMLParagraphElement);
  private readonly label = element('loose-label', HTMLSelectElement);
  private kind: Loose['kind'] = 'images';
  private waiting: readonly Found[] = [];
  private files: ClassifiedFile[] = [];

  constructor(
    classes: readonly string[],
    private readonly options: LooseFilesOptions,
  ) {
    // None is chosen before: the first would be taken for an answer.
    this.label.replaceChildren(new Option('choose', ''), ...classes.map((name) => new Option(name, name)));
    this.label.addEventListener('change', () => this.answer());
    element('loose-again', HTMLButtonElement).addEventListener('click', () => {
      this.clear();
      options.onNone();
    });
  }

  ask({ kind, files }: Loose): void {
    if (kind !== this.kind) this.clear();
    this.kind = kind;
    this.waiting = [...this.waiting, ...files];
    this.section.hidden = false;
    this.tell();
    this.label.focus();
  }

  clear(): void {
    [this.waiting, this.files] = [[], []];
    this.section.hidden = true;
  }

  private answer(): void {
    const { value } = this.label;
    if (value === '' || this.waiting.length === 0) return;
    this.files = [...this.files, ...this.waiting.map(({ file, path }) => ({ file, path, label: value }))];
    this.waiting = [];
    this.tell();
    this.options.onGiven({ kind: this.kind, files: this.files, notes: [] });
  }

  private tell(): void {
    this.label.value = '';
    this.label.disabled = this.waiting.length === 0;
    const counts = new Map<string, number>();
    for (const { label } of this.files) counts.set(label, (counts.get(label) ?? 0) + 1);
    const before = [...counts].map(([name, count]) => `${whole(count)} of class ${name}`).join(', ');
    const given = before === '' ? '' : `Given: ${before}. `;
    const [first] = this.waiting;
    const many =
      this.waiting.length === 1 ? 'Which class is' : `Which class are ${whole(this.waiting.length)} files, such as`;
    this.status.textContent = first ? `${given}${many} ${first.path}?` : `${given}You can choose more.`;
  }
}
