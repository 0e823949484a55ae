/** How large a model a recipe makes. */
export const modelSizes = ['small', 'medium'] as const;
export type ModelSize = (typeof modelSizes)[number];

/** What a recipe has to know of the data. */
export interface Needs {
  readonly size: ModelSize;
  /** The shape of one sample, as source text. */
  readonly inputShape: string;
  readonly shape: readonly number[];
  /** Numbers that the model answers: one a class, or one. */
  readonly outputs: number;
}

/** A model as the source text of a task file, and where it is cut. */
export interface RecipeText {
  /** Such as `mlp-small`. */
  readonly name: string;
  /** For people. */
  readonly says: string;
  /** Those of `tf.layers` that the model uses. */
  readonly layers: readonly string[];
  /** The function body's lines. */
  readonly body: readonly string[];
  readonly cut: string;
  /** For topologies with a third segment. */
  readonly twoCuts: string;
}
