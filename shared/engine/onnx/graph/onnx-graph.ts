/** An ONNX graph as plain data: what tracing produces and `encodeModel` writes. Shapes are fixed. */
export interface OnnxGraph {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly constants: readonly OnnxConstant[];
  readonly nodes: readonly OnnxNode[];
}

export type OnnxType = 'float32' | 'int32' | 'int64' | 'bool';

/** What values of a file may be, beside those that a trace has. */
export type FileType = OnnxType | 'float64' | 'uint8' | 'string';

export interface OnnxValue {
  readonly name: string;
  readonly dtype: OnnxType;
  readonly shape: readonly number[];
}

export interface OnnxConstant extends OnnxValue {
  /** Little-endian, row-major. */
  readonly bytes: Uint8Array;
}

export interface OnnxNode {
  readonly op: string;
  /** Empty for the standard operators. */
  readonly domain: string;
  /** An empty name stands for an optional input left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: OnnxAttributes;
}

/** A bare number is an integer attribute; floats say so. */
export type OnnxAttribute =
  number | string | readonly number[] | { readonly float: number } | { readonly strings: readonly string[] };

export type OnnxAttributes = Readonly<Record<string, OnnxAttribute>>;
