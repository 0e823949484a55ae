import type { FileType, OnnxAttribute, OnnxConstant, OnnxGraph, OnnxNode, OnnxValue } from './onnx-graph.js';
import { ProtobufWriter } from './protobuf.js';

/** Operator set 18 (December 2022): the first in which every reduction takes its axes as an input. */
const OPSET = 18;
const IR_VERSION = 8;
/** ONNX Runtime's own operators are of set 1; those of ONNX for classical models of set 2 since 2019. */
const opsetOf = (domain: string) => (domain === ML_DOMAIN ? 2 : 1);

/** ONNX's operators for classical models, such as `LabelEncoder`. */
export const ML_DOMAIN = 'ai.onnx.ml';

/** TensorProto's numbers of types. */
export const elementTypes: Readonly<Record<FileType, number>> = {
  ...{ float32: 1, uint8: 2, int32: 6, int64: 7, string: 8, bool: 9, float64: 11 },
};

/** A graph whose inputs and outputs may have dimensions that are only named. */
export interface DescribedGraph extends Pick<OnnxGraph, 'nodes'> {
  readonly constants: readonly DescribedConstant[];
  readonly inputs: readonly DescribedValue[];
  readonly outputs: readonly DescribedValue[];
}

export interface DescribedValue extends Omit<OnnxValue, 'shape' | 'dtype'> {
  readonly dtype: FileType;
  readonly shape: readonly (number | string)[];
}

export interface DescribedConstant extends Omit<OnnxConstant, 'dtype'> {
  readonly dtype: FileType;
}

export interface ModelFile {
  readonly opset?: number;
  /** What else is said of the model, by key. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The bytes of an .onnx file. Field numbers are those of onnx.proto3. */
export function encodeModel(graph: DescribedGraph, { opset = OPSET, metadata = {} }: ModelFile = {}): Uint8Array {
  const domains = new Set(graph.nodes.map((node) => node.domain).filter((domain) => domain !== ''));
  const model = new ProtobufWriter()
    .int(1, IR_VERSION)
    .string(2, 'tandem')
    .message(7, (writer) => writeGraph(writer, graph));
  model.message(8, (set) => set.string(1, '').int(2, opset));
  domains.forEach((domain) => model.message(8, (set) => set.string(1, domain).int(2, opsetOf(domain))));
  Object.entries(metadata).forEach(([key, value]) =>
    model.message(14, (entry) => entry.string(1, key).string(2, value)),
  );
  return model.finish();
}

function writeGraph(writer: ProtobufWriter, graph: DescribedGraph): void {
  graph.nodes.forEach((node) => writer.message(1, (inner) => writeNode(inner, node)));
  writer.string(2, 'segment');
  graph.constants.forEach((constant) => writer.message(5, (inner) => writeConstant(inner, constant)));
  graph.inputs.forEach((value) => writer.message(11, (inner) => writeValue(inner, value)));
  graph.outputs.forEach((value) => writer.message(12, (inner) => writeValue(inner, value)));
}

/** What a session's options and errors call a node. */
export function nodeName({ op, outputs }: OnnxNode): string {
  return `${op} ${outputs[0] ?? ''}`;
}

function writeNode(writer: ProtobufWriter, node: OnnxNode): void {
  // WebGPU takes an empty name at the end for an input without elements, and fails.
  const given = node.inputs.slice(0, node.inputs.findLastIndex((name) => name !== '') + 1);
  given.forEach((name) => writer.string(1, name));
  node.outputs.forEach((name) => writer.string(2, name));
  writer.string(3, nodeName(node)).string(4, node.op);
  for (const [name, value] of Object.entries(node.attributes)) {
    writer.message(5, (inner) => writeAttribute(inner, name, value));
  }
  if (node.domain !== '') writer.string(7, node.domain);
}

function writeAttribute(writer: ProtobufWriter, name: string, value: OnnxAttribute): void {
  writer.string(1, name);
  if (typeof value === 'number') writer.int(3, value).int(20, 2);
  else if (typeof value === 'string') writer.string(4, value).int(20, 3);
  else if ('strings' in value) {
    value.strings.forEach((text) => writer.string(9, text));
    writer.int(20, 8);
  } else if ('float' in value) writer.float(2, value.float).int(20, 1);
  else writer.ints(8, value).int(20, 7);
}

function writeConstant(writer: ProtobufWriter, { name, dtype, shape, bytes }: DescribedConstant): void {
  writer.ints(1, shape).int(2, elementTypes[dtype]).string(8, name).raw(9, bytes);
}

function writeValue(writer: ProtobufWriter, { name, dtype, shape }: DescribedValue): void {
  writer.string(1, name).message(2, (type) =>
    type.message(1, (tensor) =>
      tensor.int(1, elementTypes[dtype]).message(2, (dimensions) => {
        for (const length of shape) {
          dimensions.message(1, (dimension) => {
            if (typeof length === 'number') dimension.int(1, length);
            else dimension.string(2, length);
          });
        }
      }),
    ),
  );
}
