import { TandemError } from '../../../errors.js';
import { slotsOf, type OptimizerSpec } from '../../optimizer.js';
import { updateFactors, updateSteps } from './update-formulas.js';
import {
  absolute,
  assemble,
  float,
  get,
  increase,
  less,
  load,
  repeatWhile,
  set,
  splat,
  store,
  without,
  type Code,
  type WasmType,
} from '../../../wasm-assembler.js';

/** Byte addresses of equally long runs of float32 in one memory; a slot the optimizer lacks is ignored. */
export interface UpdateRun {
  readonly weights: number;
  readonly gradients: number;
  readonly first: number;
  readonly second: number;
  /** Its length in groups of four numbers; at least 1. */
  readonly vectors: number;
}

/** Applies an optimizer to runs of weights, in one pass over each. `updates` counts those made before. */
export type FusedUpdate = (runs: readonly UpdateRun[], updates: number) => void;

type Run = (weights: number, gradients: number, first: number, second: number, vectors: number, ...f: number[]) => void;

/** The optimizer for a memory, as WebAssembly with 128-bit vectors. Throws MISSING where there are none. */
export function createFusedUpdate(spec: OptimizerSpec, memory: WebAssembly.Memory): FusedUpdate {
  const run = new WebAssembly.Instance(moduleFor(spec), { env: { memory } }).exports.run as Run;
  const factorsAfter = updateFactors(spec);
  return (runs, updates) => {
    const factors = factorsAfter(updates);
    runs.forEach(({ weights, gradients, first, second, vectors }) => {
      run(weights, gradients, first, second, vectors, ...factors);
    });
  };
}

const modules = new Map<OptimizerSpec['kind'], WebAssembly.Module>();

function moduleFor(spec: OptimizerSpec): WebAssembly.Module {
  const known = modules.get(spec.kind);
  if (known) return known;
  const bytes = updateModule(spec) as Uint8Array<ArrayBuffer>;
  if (!WebAssembly.validate(bytes)) {
    throw new TandemError('MISSING', 'WebAssembly here has no vectors (SIMD)', 'use a newer browser, or --engine tfjs');
  }
  const module = new WebAssembly.Module(bytes);
  modules.set(spec.kind, module);
  return module;
}

const VECTORS = 4;
const FIRST_FACTOR = 5;
const arrays = ['weight', 'gradient', 'first', 'second'] as const;

function updateModule(spec: OptimizerSpec): Uint8Array {
  const factors = updateFactors(spec)(0).length;
  const vectorLocal = (i: number) => FIRST_FACTOR + factors + i;
  const wideFactor = (i: number) => vectorLocal(arrays.length + i);
  const used = arrays.slice(0, 2 + slotsOf(spec));
  const local = (name: (typeof arrays)[number]) => vectorLocal(arrays.indexOf(name));
  const lane = (name: (typeof arrays)[number]) => get(local(name));
  const steps = updateSteps(spec.kind, {
    weight: lane('weight'),
    gradient: lane('gradient'),
    first: lane('first'),
    second: lane('second'),
    factor: (i) => get(wideFactor(i)),
  });
  const smallest = wideFactor(factors);
  /** Without the numbers below float32's normal range: dead units leave their slots there, and arithmetic crawls. */
  const flushed = (value: Code, into: number): Code => [
    ...set(into, value),
    ...get(into),
    ...[...get(into), ...absolute, ...get(smallest), ...less],
    ...without,
  ];
  const widen = Array.from({ length: factors }, (_, i) => set(wideFactor(i), [...get(FIRST_FACTOR + i), ...splat]));
  const loop: Code = [
    ...used.flatMap((name, i) => set(local(name), load(get(i)))),
    ...steps.flatMap(([name, value]) => set(local(name), name === 'weight' ? value : flushed(value, local(name)))),
    ...steps.flatMap(([name]) => store(get(arrays.indexOf(name)), lane(name))),
    ...used.flatMap((_, i) => increase(i, 16)),
    ...increase(VECTORS, -1),
  ];
  const parameters: WasmType[] = [
    ...new Array<WasmType>(FIRST_FACTOR).fill('i32'),
    ...new Array<WasmType>(factors).fill('f32'),
  ];
  const locals = new Array<WasmType>(arrays.length + factors + 1).fill('v128');
  return assemble(parameters, locals, [
    ...widen.flat(),
    ...set(smallest, [...float(2 ** -126), ...splat]),
    ...repeatWhile(VECTORS, loop),
  ]);
}
