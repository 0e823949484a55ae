import { sizeOf } from '../../../ndarray.js';
import type { OnnxAttributes, OnnxConstant, OnnxNode, OnnxType, OnnxValue } from '../graph/onnx-graph.js';
import { inverseOrder, sameShape, uniformConstant, type ConstantData, type Value } from './value.js';

/** What a lowering may say about the node it notes. */
export interface NodeOptions {
  readonly attributes?: OnnxAttributes;
  readonly domain?: string;
}

type Described = Pick<Value, 'shape' | 'dtype'>;

/** Collects the nodes of one traced training step, in the order in which they can run. */
export class Tracer {
  readonly nodes: OnnxNode[] = [];
  readonly constants = new Map<string, OnnxConstant>();
  readonly inputs = new Map<string, OnnxValue>();
  /** What nodes and inputs compute, by name. */
  readonly described = new Map<string, OnnxValue>();
  private readonly names = new Map<Value, string>();
  private readonly turned = new Map<Value, Map<string, Value>>();
  private count = 0;

  /** Declares a graph input. */
  input(name: string, shape: readonly number[], dtype: OnnxType): Value {
    this.inputs.set(name, { name, shape, dtype });
    this.described.set(name, { name, shape, dtype });
    return { shape, dtype, origin: { kind: 'named', name } };
  }

  constant(data: ConstantData, shape: readonly number[], dtype: OnnxType): Value {
    return { shape, dtype, origin: { kind: 'constant', data } };
  }

  scalar(value: number, dtype: 'float32' | 'int32' | 'bool' = 'float32'): Value {
    const data = { float32: Float32Array, int32: Int32Array, bool: Uint8Array }[dtype].of(value);
    return this.constant(data, [], dtype);
  }

  /** A vector of integers, as ONNX takes shapes, axes and the like. */
  integers(values: readonly number[]): Value {
    return this.constant(BigInt64Array.from(values, BigInt), [values.length], 'int64');
  }

  /** Notes a node with one output. An undefined input is an optional one left out. */
  node(op: string, inputs: readonly (Value | undefined)[], output: Described, options?: NodeOptions): Value {
    return this.nodeWithOutputs(op, inputs, [output], options)[0] as Value;
  }

  nodeWithOutputs(
    op: string,
    inputs: readonly (Value | undefined)[],
    outputs: readonly Described[],
    { attributes = {}, domain = '' }: NodeOptions = {},
  ): Value[] {
    const inputNames = inputs.map((input) => (input ? this.name(input) : ''));
    const outputNames = outputs.map(() => `v${this.count++}`);
    this.nodes.push({ op, domain, inputs: inputNames, outputs: outputNames, attributes });
    return outputs.map(({ shape, dtype }, i) => {
      const name = outputNames[i] as string;
      this.described.set(name, { name, shape, dtype });
      return { shape, dtype, origin: { kind: 'named', name } };
    });
  }

  /** The value's name in the graph; notes the rearrangement it stands for if nothing read it before. */
  name(value: Value): string {
    const { origin } = value;
    if (origin.kind === 'named') return origin.name;
    const known = this.names.get(value);
    if (known !== undefined) return known;
    const name = this.note(value);
    this.names.set(value, name);
    return name;
  }

  reshape(value: Value, shape: readonly number[]): Value {
    if (sameShape(value.shape, shape)) return value;
    const { origin } = value;
    if (origin.kind === 'reshaped') return this.reshape(origin.of, shape);
    if (origin.kind === 'constant') return { ...value, shape };
    if (origin.kind === 'spread' && sizeOf(origin.of.shape) === 1) return this.spread(origin.of, shape);
    return { dtype: value.dtype, shape, origin: { kind: 'reshaped', of: value } };
  }

  transpose(value: Value, order: readonly number[]): Value {
    const { origin, dtype } = value;
    if (origin.kind === 'transposed') {
      const composed = order.map((from) => origin.order[from] ?? from);
      return this.transpose(origin.of, composed);
    }
    const shape = order.map((from) => value.shape[from] ?? 1);
    const moved = order.filter((from) => value.shape[from] !== 1);
    if (moved.every((from, i) => i === 0 || (moved[i - 1] ?? 0) < from)) return this.reshape(value, shape);
    if (origin.kind === 'spread') {
      return this.spread(this.transpose(this.padRank(origin.of, order.length), order), shape);
    }
    // One value for each order, so a filter is turned once for forward and backward.
    const known = this.turned.get(value) ?? new Map<string, Value>();
    this.turned.set(value, known);
    const key = order.join();
    const result = known.get(key) ?? { dtype, shape, origin: { kind: 'transposed', of: value, order } };
    known.set(key, result);
    return result;
  }

  /** Repeats a value up to a shape, by numpy's rules. */
  spread(value: Value, shape: readonly number[]): Value {
    if (sameShape(value.shape, shape)) return value;
    const of = value.origin.kind === 'spread' ? value.origin.of : value;
    return { dtype: value.dtype, shape, origin: { kind: 'spread', of } };
  }

  cast(value: Value, dtype: OnnxType): Value {
    if (value.dtype === dtype) return value;
    const { origin, shape } = value;
    if (origin.kind === 'reshaped') return this.reshape(this.cast(origin.of, dtype), shape);
    if (origin.kind === 'spread') return this.spread(this.cast(origin.of, dtype), shape);
    if (origin.kind === 'transposed') return this.transpose(this.cast(origin.of, dtype), origin.order);
    const number = uniformConstant(value);
    if (number !== undefined && dtype !== 'int64') return this.reshape(this.scalar(number, dtype), shape);
    const to = { float32: 1, int32: 6, int64: 7, bool: 9 }[dtype];
    return this.node('Cast', [value], { shape, dtype }, { attributes: { to } });
  }

  /** Dimensions of length 1 put before the others. */
  padRank(value: Value, rank: number): Value {
    const { length } = value.shape;
    return length >= rank ? value : this.reshape(value, [...new Array<number>(rank - length).fill(1), ...value.shape]);
  }

  /** The value as it lies before a transposition by `order`. */
  before(value: Value, order: readonly number[]): Value {
    return this.transpose(this.padRank(value, order.length), inverseOrder(order));
  }

  private note({ origin, shape, dtype }: Value): string {
    switch (origin.kind) {
      case 'named':
        return origin.name;
      case 'constant':
        return this.noteConstant(origin.data, shape, dtype);
      case 'transposed':
        return this.name(
          this.node('Transpose', [origin.of], { shape, dtype }, { attributes: { perm: [...origin.order] } }),
        );
      case 'reshaped':
        return this.name(this.node('Reshape', [origin.of, this.integers(shape)], { shape, dtype }));
      case 'spread':
        // WebGPU expands no scalar.
        return this.name(this.node('Expand', [this.padRank(origin.of, 1), this.integers(shape)], { shape, dtype }));
    }
  }

  private noteConstant(data: ConstantData, shape: readonly number[], dtype: OnnxType): string {
    // Small ones, such as axes and factors, recur.
    const key = data.length <= 8 ? `${dtype}[${shape.join()}]${data.join()}` : `constant ${this.constants.size}`;
    const known = this.constants.get(key);
    if (known) return known.name;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
    const constant = { name: `c${this.constants.size}`, dtype, shape, bytes };
    this.constants.set(key, constant);
    return constant.name;
  }
}
