import type { Wave } from '../../client/browser/data/own-sample.js';
import type { NdArray } from '../../shared/ndarray.js';

/** A picture of numbers: row-major, one number a pixel (grey from the least to the largest) or three (red, green, blue). */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Four bytes a pixel. */
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

const MAX_MAPS = 32;

/** One sample of an input: images as they are, anything else as a grid of numbers. */
export function inputPicture(array: NdArray, row: number): Picture {
  const [, height = 1, width = 1, channels = 0] = array.shape;
  const values = rowOf(array, row);
  if (array.shape.length === 4 && channels === 3)
    return paint(width, height, (pixel, channel) => 255 * (values[3 * pixel + channel] ?? 0));
  if (array.shape.length === 4 && channels === 1) return paint(width, height, (pixel) => 255 * (values[pixel] ?? 0));
  return grid(values);
}

/** One sample of smashed data: a picture a channel, or one of all numbers. All have one scale, that of the sample. */
export function smashedPictures(array: NdArray, row: number): Picture[] {
  const [, height = 1, width = 1, channels = 1] = array.shape;
  const values = rowOf(array, row);
  if (array.shape.length !== 4) return [grid(values)];
  const shade = shades(values);
  return Array.from({ length: Math.min(channels, MAX_MAPS) }, (_, channel) =>
    paint(width, height, (pixel) => shade(values[pixel * channels + channel] ?? 0)),
  );
}

const WAVE_HEIGHT = 64;
const [SILENT, LOUD] = [24, 255];

/** A sound from left to right, as high as it is loud; its loudest moment has the full height. */
export function wavePicture({ least, largest }: Wave): Picture {
  const width = Math.max(1, least.length);
  const peak = Array.from(least, (low, i) => Math.max(-low, largest[i] ?? 0)).reduce((a, b) => Math.max(a, b), 0) || 1;
  return paint(width, WAVE_HEIGHT, (pixel) => {
    const piece = pixel % width;
    // Of the middle of a line of pixels, from 1 at the top to -1.
    const height = 1 - (2 * Math.floor(pixel / width) + 1) / WAVE_HEIGHT;
    const reach = 1 / WAVE_HEIGHT;
    const isIn = height + reach >= (least[piece] ?? 0) / peak && height - reach <= (largest[piece] ?? 0) / peak;
    return isIn ? LOUD : SILENT;
  });
}

/** Puts a picture on a canvas of its size. */
export function canvasOf({ width, height, rgba }: Picture, label: string): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  canvas.className = 'picture';
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', label);
  canvas.getContext('2d')?.putImageData(new ImageData(rgba, width, height), 0, 0);
  return canvas;
}

function grid(values: ArrayLike<number>): Picture {
  const width = Math.ceil(Math.sqrt(values.length)) || 1;
  const shade = shades(values);
  return paint(width, Math.ceil(values.length / width) || 1, (pixel) => shade(values[pixel] ?? 0));
}

/** From the least value, black, to the largest, white. */
function shades(values: ArrayLike<number>): (value: number) => number {
  let [least, largest] = [Infinity, -Infinity];
  for (const value of Array.from(values)) {
    least = Math.min(least, value);
    largest = Math.max(largest, value);
  }
  const range = largest - least || 1;
  return (value) => (255 * (value - least)) / range;
}

function paint(width: number, height: number, shade: (pixel: number, channel: number) => number): Picture {
  const rgba = new Uint8ClampedArray(4 * width * height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) rgba[4 * pixel + channel] = shade(pixel, channel);
    rgba[4 * pixel + 3] = 255;
  }
  return { width, height, rgba };
}

function rowOf({ shape, data }: NdArray, row: number): ArrayLike<number> {
  const size = data.length / (shape[0] ?? 1);
  return data.subarray(row * size, (row + 1) * size);
}
