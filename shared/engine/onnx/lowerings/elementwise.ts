import type { OnnxAttributes, OnnxType } from '../graph/onnx-graph.js';
import type { Tracer } from '../trace/tracer.js';
import { broadcastShape, isScalarLike, sameShape, uniformConstant, type Value } from '../trace/value.js';
import { facts } from './facts.js';
import type { Lowerings } from './lowering.js';

interface ElementwiseOptions {
  /** Of the result; that of the first operand by default. */
  readonly dtype?: OnnxType;
  readonly attributes?: OnnxAttributes;
  readonly domain?: string;
}

/**
 * Notes an elementwise node with broadcasting. It works on the operands as they lie in memory: repeated values stay
 * small, and if one operand is transposed, the node is put before the transposition.
 */
export function elementwise(
  trace: Tracer,
  op: string,
  operands: readonly Value[],
  options: ElementwiseOptions = {},
): Value {
  const shape = broadcastShape(operands.map((operand) => operand.shape));
  const small = operands.map((operand) => (operand.origin.kind === 'spread' ? operand.origin.of : operand));
  const smallShape = broadcastShape(small.map((operand) => operand.shape));
  if (!sameShape(shape, smallShape)) return trace.spread(elementwise(trace, op, small, options), shape);
  const dtype = options.dtype ?? operands[0]?.dtype ?? 'float32';
  const note = (inputs: readonly Value[], output: readonly number[]) =>
    trace.node(op, inputs, { shape: output, dtype }, options);
  for (const { origin, shape: own } of small) {
    if (origin.kind !== 'transposed' || !sameShape(own, shape)) continue;
    const before = small.map((operand) =>
      isScalarLike(operand) ? trace.reshape(operand, []) : trace.before(operand, origin.order),
    );
    return trace.transpose(note(before, origin.of.shape), origin.order);
  }
  return note(small, shape);
}

/** 1 where x is positive, else 0; with another slope below 0 if `alpha` says so. */
export function step(trace: Tracer, x: Value, alpha: number): Value {
  const kept = facts.reluOf.get(x) ?? x;
  const positive = elementwise(trace, 'Greater', [kept, trace.scalar(0)], { dtype: 'bool' });
  if (alpha !== 0) return elementwise(trace, 'Where', [positive, trace.scalar(1), trace.scalar(alpha)], float);
  const result = trace.cast(positive, 'float32');
  facts.stepOf.set(result, kept);
  return result;
}

export const float = { dtype: 'float32' } as const;
const bool = { dtype: 'bool' } as const;

interface Binary {
  a: Value;
  b: Value;
}

export function multiply(trace: Tracer, a: Value, b: Value): Value {
  const shape = broadcastShape([a.shape, b.shape]);
  if (uniformConstant(a) === 1) return trace.spread(b, shape);
  if (uniformConstant(b) === 1) return trace.spread(a, shape);
  return stepThroughPool(trace, a, b) ?? stepThroughPool(trace, b, a) ?? elementwise(trace, 'Mul', [a, b]);
}

/** Relu's gradient after that of a max pooling: the maxima alone decide, so it is taken before they are spread out. */
function stepThroughPool(trace: Tracer, a: Value, b: Value): Value | undefined {
  const unpooled = facts.unpooled.get(a);
  if (!unpooled || facts.stepOf.get(b) !== unpooled.input) return undefined;
  return unpooled.unpool(multiply(trace, unpooled.gradient, step(trace, unpooled.pooled, 0)));
}

export function add(trace: Tracer, a: Value, b: Value): Value {
  const shape = broadcastShape([a.shape, b.shape]);
  if (uniformConstant(a) === 0) return trace.spread(b, shape);
  if (uniformConstant(b) === 0) return trace.spread(a, shape);
  const isBias = b.shape.length === 1 && b.shape[0] === a.shape.at(-1);
  const withBias = isBias ? facts.withBias.get(a) : undefined;
  return withBias ? withBias(b) : elementwise(trace, 'Add', [a, b]);
}

function compare(op: string) {
  return (trace: Tracer, { a, b }: Binary) => {
    // ONNX Runtime compares numbers only.
    const plain = (value: Value) => (value.dtype === 'bool' && op !== 'Equal' ? trace.cast(value, 'int32') : value);
    return elementwise(trace, op, [plain(a), plain(b)], bool);
  };
}

function binary(op: string, dtype?: OnnxType) {
  return (trace: Tracer, { a, b }: Binary) => elementwise(trace, op, [a, b], dtype ? { dtype } : {});
}

export const elementwiseLowerings = {
  Add: (trace, { a, b }: Binary) => add(trace, a, b),
  AddN: (trace, inputs: Record<string, Value>) => Object.values(inputs).reduce((sum, value) => add(trace, sum, value)),
  Sub: (trace, { a, b }: Binary) => (uniformConstant(b) === 0 ? add(trace, a, b) : elementwise(trace, 'Sub', [a, b])),
  Multiply: (trace, { a, b }: Binary) => multiply(trace, a, b),
  RealDiv: (trace, { a, b }: Binary) =>
    elementwise(trace, 'Div', [trace.cast(a, 'float32'), trace.cast(b, 'float32')], float),
  FloorDiv: (trace, { a, b }: Binary) => {
    const quotient = elementwise(trace, 'Div', [trace.cast(a, 'float32'), trace.cast(b, 'float32')], float);
    return trace.cast(elementwise(trace, 'Floor', [quotient]), a.dtype);
  },
  // The remainder takes the sign of the divisor.
  Mod: (trace, { a, b }: Binary) => {
    const quotient = elementwise(trace, 'Div', [trace.cast(a, 'float32'), trace.cast(b, 'float32')], float);
    const whole = trace.cast(elementwise(trace, 'Floor', [quotient]), a.dtype);
    return elementwise(trace, 'Sub', [a, elementwise(trace, 'Mul', [whole, b])]);
  },
  Maximum: binary('Max'),
  Minimum: binary('Min'),
  Pow: binary('Pow'),
  SquaredDifference: (trace, { a, b }: Binary) => {
    const difference = elementwise(trace, 'Sub', [a, b]);
    return elementwise(trace, 'Mul', [difference, difference]);
  },
  Equal: compare('Equal'),
  NotEqual: (trace, inputs: Binary) => elementwise(trace, 'Not', [compare('Equal')(trace, inputs)], bool),
  Greater: compare('Greater'),
  GreaterEqual: compare('GreaterOrEqual'),
  Less: compare('Less'),
  LessEqual: compare('LessOrEqual'),
  LogicalAnd: binary('And', 'bool'),
  LogicalOr: binary('Or', 'bool'),
  LogicalNot: (trace, { x }: { x: Value }) => elementwise(trace, 'Not', [x], bool),
  Select: (trace, { condition, t, e }: { condition: Value; t: Value; e: Value }) => {
    // A condition of lower rank chooses whole rows.
    const rows = [...condition.shape, ...new Array<number>(t.shape.length - condition.shape.length).fill(1)];
    const chosen = condition.shape.length < t.shape.length ? trace.reshape(condition, rows) : condition;
    if (t.dtype !== 'bool') return elementwise(trace, 'Where', [chosen, t, e], { dtype: t.dtype });
    const [yes, no] = [trace.cast(t, 'int32'), trace.cast(e, 'int32')];
    return trace.cast(elementwise(trace, 'Where', [chosen, yes, no], { dtype: 'int32' }), 'bool');
  },
} satisfies Lowerings;
