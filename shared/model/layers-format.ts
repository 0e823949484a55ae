/** A model in the tfjs layers format: the two files that `tf.loadLayersModel` reads. */
export interface LayersFiles {
  /** The text of `model.json`, which names the other one. */
  readonly json: string;
  /** The bytes of `weights.bin`. */
  readonly weights: Uint8Array<ArrayBuffer>;
}

export const WEIGHTS_FILE = 'weights.bin';
export const MODEL_FILE = 'model.json';
