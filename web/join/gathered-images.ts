import type { DataSource } from '../../client/browser/data/data-source.js';
import { int32, ndarray } from '../../shared/ndarray.js';

export type ImageSize = readonly [height: number, width: number, channels: number];

/** Images that a person makes in the page, one after the other, each with its class. */
export class GatheredImages {
  private readonly images: { readonly pixels: Uint8Array; readonly label: number }[] = [];

  constructor(private readonly size: ImageSize) {}

  get count(): number {
    return this.images.length;
  }

  /** `pixels` are bytes of [height, width, channels]. */
  add(pixels: Uint8Array, label: number): void {
    this.images.push({ pixels, label });
  }

  get source(): DataSource {
    const pixels = new Uint8Array(this.images.flatMap((each) => [...each.pixels]));
    const labels = this.images.map(({ label }) => label);
    return {
      kind: 'arrays',
      inputs: [ndarray('uint8', [labels.length, ...this.size], pixels)],
      labels: [int32([labels.length], labels)],
    };
  }
}
