import type { NdArray } from '../../../shared/ndarray.js';
import type { SoundPreparation } from '../../../shared/preparation/preparation.js';

/** An image or a sound with the name of its class. */
export interface ClassifiedFile {
  readonly file: Blob;
  /** Where it lies, for messages. */
  readonly path: string;
  readonly label: string;
  /** Whether it is one to test on; where none is, a share of all is kept. */
  readonly isTest?: boolean;
}

/** Where a tab's data come from, as plain data that a worker can be sent. Everything but `offered` is read on this device. */
export type DataSource =
  /** Such as digits drawn by hand. */
  | { readonly kind: 'arrays'; readonly inputs: readonly NdArray[]; readonly labels: readonly NdArray[] }
  /** PNG and JPEG of any size, brought to the size of the model's input. `classes` in the order of the label numbers. */
  | {
      readonly kind: 'images';
      readonly files: readonly ClassifiedFile[];
      readonly classes?: readonly string[];
      /** Whether files that cannot be read are left out. */
      readonly skipUnreadable?: boolean;
      /** What was left out when the files were chosen. */
      readonly notes?: readonly string[];
    }
  /** .wav files, which become numbers as the run says. */
  | {
      readonly kind: 'sounds';
      readonly files: readonly ClassifiedFile[];
      readonly preparation?: SoundPreparation;
      readonly notes?: readonly string[];
    }
  /** A CSV file; by its schema, else as numbers with the label in `label` or the last column. */
  | {
      readonly kind: 'table';
      readonly file: Blob;
      readonly name: string;
      readonly label?: string;
      /** `float32` where labels are numbers; class numbers otherwise. */
      readonly labelType?: 'int32' | 'float32';
      readonly schema?: unknown;
    }
  /** The data set the server offers everybody, below this address; the client trains on its share. */
  | { readonly kind: 'offered'; readonly url: string };

/** What was found in the data that were given. */
export interface LoadedFacts {
  readonly samples: number;
  /** Of them, how many are here to look at before the run begins: all but where the server deals them. */
  readonly shown: number;
  readonly testSamples: number;
  /** The names of the classes by label number, where the data have names for them. */
  readonly classes: readonly string[] | null;
  /** What was guessed or left out in reading them. */
  readonly notes: readonly string[];
}
