import type { RunFacts } from '../../client/preview.js';
import { classesOf, classNamesOf, imageOf } from './asked-kind.js';
import { siteAddress } from '../site.js';
import { CameraPanel } from './camera-panel.js';
import { ClassChoice } from './class-choice.js';
import { DrawPad } from './draw-pad.js';
import { element } from './elements.js';
import { GatheredImages } from './gathered-images.js';
import type { FilesPanel, FilesPanelOptions } from './files-panel.js';

export interface DataPanelOptions extends FilesPanelOptions {
  readonly offersData: boolean;
}

/** The part of the page where data are chosen, dropped, drawn or photographed. */
export class DataPanel {
  private pad: DrawPad | undefined;
  private drawn: GatheredImages | undefined;
  private camera: CameraPanel | undefined;

  constructor(
    private readonly facts: RunFacts,
    private readonly options: DataPanelOptions,
    private readonly files: Pick<FilesPanel, 'open'>,
  ) {
    const sources = element('sources', HTMLFieldSetElement);
    sources.disabled = false;
    element('offered-choice', HTMLLabelElement).hidden = !options.offersData;
    for (const id of ['draw-choice', 'camera-choice']) {
      element(id, HTMLLabelElement).hidden =
        options.place !== undefined || imageOf(facts) === null || classesOf(facts).length === 0;
    }
    sources.addEventListener('change', (event) => this.choose((event.target as HTMLInputElement).value));
  }

  private choose(value: string): void {
    this.options.onChoice();
    for (const kind of ['files', 'draw', 'camera']) element(`${kind}-panel`, HTMLDivElement).hidden = value !== kind;
    if (value === 'camera') this.openCamera();
    else this.camera?.close();
    if (value === 'offered') this.options.onSource({ kind: 'offered', url: `${siteAddress()}data/` });
    if (value === 'draw') this.openPad();
    if (value === 'files') this.files.open();
    if (value !== 'offered') element(`${value}-panel`, HTMLDivElement).scrollIntoView({ block: 'nearest' });
  }

  /** The data are chosen for good. */
  close(): void {
    this.camera?.close();
  }

  private openCamera(): void {
    const size = imageOf(this.facts);
    if (!size) return;
    const { onSource, onTrouble } = this.options;
    this.camera ??= new CameraPanel({
      size,
      classes: classesOf(this.facts),
      names: classNamesOf(this.facts),
      onSource,
      onTrouble,
    });
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
    const label = new ClassChoice('drawn-label', classesOf(this.facts), classNamesOf(this.facts));
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
