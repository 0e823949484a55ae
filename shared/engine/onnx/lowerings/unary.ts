import type { Tracer } from '../trace/tracer.js';
import type { Value } from '../trace/value.js';
import { elementwise, float, multiply, step } from './elementwise.js';
import { facts } from './facts.js';
import type { Lowerings } from './lowering.js';

interface Unary {
  x: Value;
}

/** tfjs kernels for which ONNX has an operator of the same meaning. */
const sameMeaning = {
  Abs: 'Abs',
  Acos: 'Acos',
  Acosh: 'Acosh',
  Asin: 'Asin',
  Asinh: 'Asinh',
  Atan: 'Atan',
  Atanh: 'Atanh',
  Ceil: 'Ceil',
  Cos: 'Cos',
  Cosh: 'Cosh',
  Elu: 'Elu',
  Erf: 'Erf',
  Exp: 'Exp',
  Floor: 'Floor',
  Log: 'Log',
  Neg: 'Neg',
  Reciprocal: 'Reciprocal',
  Round: 'Round',
  Selu: 'Selu',
  Sigmoid: 'Sigmoid',
  Sign: 'Sign',
  Sin: 'Sin',
  Sinh: 'Sinh',
  Softplus: 'Softplus',
  Tan: 'Tan',
  Tanh: 'Tanh',
} as const;

function unary(op: string) {
  return (trace: Tracer, { x }: Unary) => elementwise(trace, op, [x]);
}

function relu(trace: Tracer, x: Value): Value {
  const result = facts.reluOf.get(x) ?? elementwise(trace, 'Relu', [x]);
  facts.reluOf.set(x, result);
  return result;
}

function clip(trace: Tracer, x: Value, low: number, high: number): Value {
  const bounded = elementwise(trace, 'Max', [x, trace.scalar(low)]);
  return elementwise(trace, 'Min', [bounded, trace.scalar(high)]);
}

/** e^x - 1 without cancellation near 0: 2 t / (1 - t) with t = tanh(x / 2), and plainly where that overflows. */
function expm1(trace: Tracer, x: Value): Value {
  const t = elementwise(trace, 'Tanh', [elementwise(trace, 'Mul', [x, trace.scalar(0.5)])]);
  const doubled = elementwise(trace, 'Add', [t, t]);
  const near = elementwise(trace, 'Div', [doubled, elementwise(trace, 'Sub', [trace.scalar(1), t])]);
  const far = elementwise(trace, 'Sub', [elementwise(trace, 'Exp', [x]), trace.scalar(1)]);
  const small = elementwise(trace, 'Less', [elementwise(trace, 'Abs', [x]), trace.scalar(1)], { dtype: 'bool' });
  return elementwise(trace, 'Where', [small, near, far], float);
}

/** An activation that tfjs names inside a fused kernel. Returns undefined for a name it does not know. */
export function activate(
  trace: Tracer,
  x: Value,
  name: string | undefined,
  slopes: Value | undefined,
  leakySlope: number | undefined,
): Value | undefined {
  switch (name) {
    case undefined:
    case 'linear':
      return x;
    case 'relu':
      return relu(trace, x);
    case 'relu6':
      return clip(trace, x, 0, 6);
    case 'elu':
      return elementwise(trace, 'Elu', [x]);
    case 'sigmoid':
      return elementwise(trace, 'Sigmoid', [x]);
    case 'leakyrelu':
      return elementwise(trace, 'LeakyRelu', [x], { attributes: { alpha: { float: leakySlope ?? 0.2 } } });
    case 'prelu':
      return slopes && prelu(trace, x, slopes);
    default:
      return undefined;
  }
}

function prelu(trace: Tracer, x: Value, slopes: Value): Value {
  const positive = elementwise(trace, 'Max', [x, trace.scalar(0)]);
  const negative = elementwise(trace, 'Min', [x, trace.scalar(0)]);
  return elementwise(trace, 'Add', [positive, elementwise(trace, 'Mul', [negative, slopes])]);
}

export const unaryLowerings = {
  ...Object.fromEntries(Object.entries(sameMeaning).map(([kernel, op]) => [kernel, unary(op)])),
  // A clone is the same value, so what forward noted about it is found again by backward.
  Identity: (_, { x }: Unary) => x,
  Cast: (trace, { x }: Unary, { dtype }: { dtype: 'float32' | 'int32' | 'bool' }) => trace.cast(x, dtype),
  Relu: (trace, { x }: Unary) => relu(trace, x),
  Relu6: (trace, { x }: Unary) => clip(trace, x, 0, 6),
  ClipByValue: (trace, { x }: Unary, { clipValueMin, clipValueMax }: { clipValueMin: number; clipValueMax: number }) =>
    clip(trace, x, clipValueMin, clipValueMax),
  LeakyRelu: (trace, { x }: Unary, { alpha }: { alpha: number }) =>
    elementwise(trace, 'LeakyRelu', [x], { attributes: { alpha: { float: alpha } } }),
  Prelu: (trace, { x, alpha }: { x: Value; alpha: Value }) => prelu(trace, x, alpha),
  EluGrad: (trace, { dy, y }: { dy: Value; y: Value }) => {
    const slope = elementwise(trace, 'Add', [elementwise(trace, 'Min', [y, trace.scalar(0)]), trace.scalar(1)]);
    return multiply(trace, dy, slope);
  },
  Expm1: (trace, { x }: Unary) => expm1(trace, x),
  Log1p: (trace, { x }: Unary) => elementwise(trace, 'Log', [elementwise(trace, 'Add', [x, trace.scalar(1)])]),
  Sqrt: (trace, { x }: Unary) => elementwise(trace, 'Sqrt', [x]),
  Rsqrt: (trace, { x }: Unary) => elementwise(trace, 'Reciprocal', [elementwise(trace, 'Sqrt', [x])]),
  Square: (trace, { x }: Unary) => elementwise(trace, 'Mul', [x, x]),
  Step: (trace, { x }: Unary, { alpha }: { alpha?: number }) => step(trace, x, alpha ?? 0),
  IsNan: (trace, { x }: Unary) => elementwise(trace, 'IsNaN', [x], { dtype: 'bool' }),
  IsInf: (trace, { x }: Unary) => elementwise(trace, 'IsInf', [x], { dtype: 'bool' }),
} satisfies Lowerings;
