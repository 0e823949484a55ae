import type { TableSchema } from '../data/table.js';

/**
 * How raw data become a model's inputs, and its answers words and units again. It is plain data, learned on the training rows
 * alone: part of the task, kept with its run, and used by whoever asks the model.
 */
export type Preparation = TablePreparation | ImagePreparation | SoundPreparation | ArrayPreparation;

/** Rows of text cells; the schema's label says what is answered. */
export interface TablePreparation {
  readonly kind: 'table';
  readonly table: TableSchema;
}

/** Pictures brought to one size, from 0 to 1. */
export interface ImagePreparation {
  readonly kind: 'images';
  /** Height and width. */
  readonly size: readonly [number, number];
  /** 3 for red, green and blue, 1 for grey. */
  readonly channels: 1 | 3;
  /** Whether files that cannot be read are left out, counted and named; they end the reading otherwise. */
  readonly skipUnreadable?: boolean;
  readonly answer: Answer;
}

/** Sounds brought to one rate and length, as the logarithm of the energy in bands of pitch, [frames, bands]. */
export interface SoundPreparation {
  readonly kind: 'sound';
  readonly samplesPerSecond: number;
  /** Longer sounds are cut after as many, shorter ones are followed by silence. */
  readonly seconds: number;
  readonly bands: number;
  /** Whether files that cannot be read are left out, counted and named; they end the reading otherwise. */
  readonly skipUnreadable?: boolean;
  /** Of each band, over all frames of the training sounds. */
  readonly means: readonly number[];
  readonly deviations: readonly number[];
  readonly answer: Answer;
}

/** Arrays of numbers of one shape, `(value - mean) / deviation`. */
export interface ArrayPreparation {
  readonly kind: 'arrays';
  /** Of one sample. */
  readonly shape: readonly number[];
  /** One for all places, or one for each place of the last dimension. */
  readonly means: readonly number[];
  readonly deviations: readonly number[];
  readonly answer: Answer;
}

/** What a model answers: the class of a number, or a number in its own unit, `answer * deviation + mean`. */
export type Answer =
  | { readonly kind: 'classes'; readonly name: string; readonly classes: readonly string[] }
  | { readonly kind: 'number'; readonly name: string; readonly mean: number; readonly deviation: number };
