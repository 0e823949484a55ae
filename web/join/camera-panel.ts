import type { DataSource } from '../../client/browser/data/data-source.js';
import { Camera } from './camera.js';
import { ClassChoice } from './class-choice.js';
import { element } from './elements.js';
import { GatheredImages, type ImageSize } from './gathered-images.js';

export interface CameraPanelOptions {
  readonly size: ImageSize;
  readonly classes: readonly number[];
  /** What these are called. */
  readonly names: readonly string[];
  readonly onSource: (source: DataSource) => void;
  readonly onTrouble: (error: unknown) => void;
}

/** Where pictures are taken with the camera; the person says of each which class it is. */
export class CameraPanel {
  private readonly camera = new Camera(element('camera-video', HTMLVideoElement));
  private readonly take = element('take', HTMLButtonElement);
  private readonly count = element('taken-count', HTMLParagraphElement);
  private readonly images: GatheredImages;

  constructor(private readonly options: CameraPanelOptions) {
    this.images = new GatheredImages(options.size);
    const label = new ClassChoice('taken-label', options.classes, options.names);
    this.take.addEventListener('click', () => {
      const { chosen } = label;
      if (chosen === undefined) {
        this.count.textContent = 'Say first which it is.';
        return;
      }
      this.images.add(this.camera.frame(options.size), chosen);
      this.count.textContent = `${this.images.count} taken`;
      options.onSource(this.images.source);
    });
  }

  /** Asks for the camera. What was taken before is still there. */
  async open(): Promise<void> {
    try {
      if (!(await this.camera.start())) return;
      this.take.disabled = false;
      if (this.images.count > 0) this.options.onSource(this.images.source);
    } catch (error) {
      this.options.onTrouble(error);
    }
  }

  /** The camera is not needed any more, or not now. */
  close(): void {
    this.take.disabled = true;
    this.camera.stop();
  }
}
