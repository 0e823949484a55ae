import {
  elementTypes,
  type DescribedConstant,
  type DescribedGraph,
  type DescribedValue,
} from '../engine/onnx/graph/encode-model.js';
import type { FileType, OnnxAttributes, OnnxNode } from '../engine/onnx/graph/onnx-graph.js';

/** Builds the part of a graph that is no layer: each value gets a name that no column and no layer has. */
export class GraphWriter {
  readonly inputs: DescribedValue[] = [];
  readonly outputs: DescribedValue[] = [];
  private readonly constants: DescribedConstant[] = [];
  private readonly nodes: OnnxNode[] = [];
  private count = 0;

  input(name: string, dtype: FileType, shape: DescribedValue['shape']): string {
    this.inputs.push({ name, dtype, shape });
    return name;
  }

  /** Applies an operator; returns the name of what it makes. */
  node(op: string, inputs: readonly string[], attributes: OnnxAttributes = {}, domain = ''): string {
    const output = this.fresh(op);
    this.nodes.push({ op, domain, inputs, outputs: [output], attributes });
    return output;
  }

  doubles(shape: readonly number[], values: ArrayLike<number>): string {
    return this.constant('float64', shape, Float64Array.from(values));
  }

  floats(shape: readonly number[], values: ArrayLike<number>): string {
    return this.constant('float32', shape, Float32Array.from(values));
  }

  /** A list. */
  integers(...values: number[]): string {
    return this.constant('int64', [values.length], BigInt64Array.from(values, BigInt));
  }

  integer(value: number): string {
    return this.constant('int64', [], BigInt64Array.of(BigInt(value)));
  }

  double(value: number): string {
    return this.doubles([], [value]);
  }

  cast(value: string, to: FileType): string {
    return this.node('Cast', [value], { to: elementTypes[to] });
  }

  /** Another graph behind this one: `from` is what its one input reads. Its values get a prefix of their own. */
  append(graph: DescribedGraph, from: string): string[] {
    const [input] = graph.inputs;
    const named = (name: string) => (name === '' ? '' : name === input?.name ? from : `model/${name}`);
    for (const each of graph.constants) this.constants.push({ ...each, name: named(each.name) });
    for (const { inputs, outputs, ...node } of graph.nodes)
      this.nodes.push({ ...node, inputs: inputs.map(named), outputs: outputs.map(named) });
    return graph.outputs.map(({ name }) => named(name));
  }

  /** What is answered, under a name that people read; one that an input has already gets an ending. */
  output(name: string, value: string, dtype: FileType, shape: DescribedValue['shape']): void {
    const own = this.inputs.some((input) => input.name === name) ? `${name}_out` : name;
    this.nodes.push({ op: 'Identity', domain: '', inputs: [value], outputs: [own], attributes: {} });
    this.outputs.push({ name: own, dtype, shape });
  }

  get graph(): DescribedGraph {
    const { inputs, outputs, constants, nodes } = this;
    return { inputs, outputs, constants, nodes };
  }

  private constant(dtype: FileType, shape: readonly number[], values: NodeJS.TypedArray): string {
    const name = this.fresh('constant');
    this.constants.push({ name, dtype, shape, bytes: new Uint8Array(values.buffer) });
    return name;
  }

  private fresh(what: string): string {
    return `tandem/${what}_${this.count++}`;
  }
}
