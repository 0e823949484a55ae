import * as tf from '#tfjs';
import { lowerings } from '../lowerings/table.js';
import { UntraceableError, type Lowering } from '../lowerings/lowering.js';
import type { ConstantData, Value } from './value.js';
import type { RandomRecorder } from './random-inputs.js';
import type { Tracer } from './tracer.js';

const BACKEND = 'tandem-trace';

type DataId = object;

/** One trace: where its nodes and its random inputs go. */
export interface Recording {
  readonly tracer: Tracer;
  readonly random: RandomRecorder;
}

/**
 * A tfjs backend that computes nothing: each kernel notes ONNX nodes and returns a tensor that stands for their output.
 * tfjs's own layers, losses and gradients run on it unchanged.
 */
class TraceBackend extends tf.KernelBackend {
  private readonly values = new Map<DataId, { value: Value; references: number; of: Recording | undefined }>();
  private recording: Recording | undefined;

  /** Runs synchronous code on this backend, and hands tfjs back as it was. */
  trace<T>(recording: Recording, run: () => T): T {
    const before = tf.getBackend();
    useBackend(BACKEND);
    this.recording = recording;
    try {
      return run();
    } finally {
      this.recording = undefined;
      useBackend(before);
    }
  }

  get current(): Recording {
    if (!this.recording) throw new UntraceableError('a traced tensor used after its trace');
    return this.recording;
  }

  /** A tensor that stands for a traced value. */
  tensor(value: Value): tf.Tensor {
    const { dataId, shape, dtype } = this.hold(value);
    return tf.engine().makeTensorFromDataId(dataId, shape, dtype);
  }

  /** The value a tensor stands for; one of another backend is a constant. */
  traced({ dataId, shape, dtype }: tf.TensorInfo): Value {
    const held = this.values.get(dataId);
    if (held?.of && held.of !== this.recording) throw kept(this.current.random.layer);
    if (held) return held.value;
    const data = tf.engine().readSync(dataId) as ConstantData;
    return this.current.tracer.constant(data.slice(), shape, checkedType(dtype));
  }

  /** The value under a new data id. */
  hold(value: Value): tf.TensorInfo {
    const dataId = {};
    this.values.set(dataId, { value, references: 1, of: this.recording });
    return { dataId, shape: [...value.shape], dtype: value.dtype as tf.DataType };
  }

  override write(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): DataId {
    const { tracer, random } = this.current;
    const data = values as ConstantData;
    const drawn = dtype === 'float32' ? random.recognise(data as Float32Array, shape) : undefined;
    const value = drawn
      ? tracer.input(drawn.name, shape, 'float32')
      : tracer.constant(compact(data, dtype), data.length > 1 && isUniform(data) ? [] : shape, checkedType(dtype));
    return this.hold(tracer.spread(value, shape)).dataId;
  }

  override move(dataId: DataId, values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): void {
    const value = this.current.tracer.constant(values as ConstantData, shape, checkedType(dtype));
    this.values.set(dataId, { value, references: 1, of: this.recording });
  }

  override readSync(dataId: DataId): tf.backend_util.BackendValues {
    const origin = this.values.get(dataId)?.value.origin;
    if (origin?.kind === 'constant') return origin.data as tf.backend_util.BackendValues;
    throw new UntraceableError('the reading of a value that is known only while training');
  }

  override async read(dataId: DataId): Promise<tf.backend_util.BackendValues> {
    return this.readSync(dataId);
  }

  override incRef(dataId: DataId): void {
    const held = this.values.get(dataId);
    if (held) held.references++;
  }

  override refCount(dataId: DataId): number {
    return this.values.get(dataId)?.references ?? 0;
  }

  override disposeData(dataId: DataId, force = false): boolean {
    const held = this.values.get(dataId);
    if (!held) return true;
    held.references--;
    if (!force && held.references > 0) return false;
    this.values.delete(dataId);
    return true;
  }

  override numDataIds(): number {
    return this.values.size;
  }

  override memory() {
    return { unreliable: true };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override dispose(): void {
    this.values.clear();
  }
}

/** A step that reads what an earlier one left has a state that is neither weight nor batch, and that a graph would not move. */
function kept(layer: string | undefined): UntraceableError {
  return new UntraceableError(`what layer '${layer ?? '?'}' keeps from one step to the next`);
}

let backend: TraceBackend | undefined;

/** The backend, registered with tfjs the first time. */
export function traceBackend(): TraceBackend {
  if (backend) return backend;
  const created = new TraceBackend();
  tf.registerBackend(BACKEND, () => created, 0);
  // Every kernel that any backend knows, so that one without a lowering is named rather than not found.
  for (const kernelName of new Set([...Object.keys(lowerings), ...knownKernels()])) {
    const lowering = Object.hasOwn(lowerings, kernelName) ? lowerings[kernelName] : undefined;
    tf.registerKernel({
      kernelName,
      backendName: BACKEND,
      kernelFunc: ({ inputs, attrs }) => lower(created, kernelName, lowering, inputs, attrs),
    });
  }
  return (backend = created);
}

function knownKernels(): string[] {
  return ['cpu', 'wasm', 'webgl', 'tensorflow'].flatMap((name) =>
    tf.getKernelsForBackend(name).map((kernel) => kernel.kernelName),
  );
}

function lower(
  backend: TraceBackend,
  kernelName: string,
  lowering: Lowering | undefined,
  inputs: tf.NamedTensorInfoMap,
  attrs: tf.NamedAttrMap | undefined,
): tf.TensorInfo | tf.TensorInfo[] {
  if (!lowering) throw new UntraceableError(`the operation '${kernelName}'`);
  const given = Object.entries(inputs).filter(([, info]) => info);
  const values = Object.fromEntries(given.map(([name, info]) => [name, backend.traced(info as tf.TensorInfo)]));
  const result = lowering(backend.current.tracer, values as never, (attrs ?? {}) as never);
  return Array.isArray(result) ? result.map((value) => backend.hold(value)) : backend.hold(result);
}

/** Switches synchronously, which tfjs does for a backend that needs no start; its promise only repeats the answer. */
function useBackend(name: string): void {
  void tf.setBackend(name);
  if (tf.getBackend() !== name) throw new UntraceableError(`a tfjs backend, '${name}', that does not start at once`);
}

function checkedType(dtype: tf.DataType): 'float32' | 'int32' | 'bool' {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
  throw new UntraceableError(`a tensor of type ${dtype}`);
}

/** A constant that repeats one number is kept as that number. */
function compact(data: ConstantData, dtype: tf.DataType): ConstantData {
  const typed =
    dtype === 'float32'
      ? Float32Array.from(data as Float32Array)
      : dtype === 'bool'
        ? Uint8Array.from(data as Uint8Array)
        : Int32Array.from(data as Int32Array);
  return typed.length > 1 && isUniform(typed) ? typed.slice(0, 1) : typed;
}

function isUniform(data: ConstantData): boolean {
  const [first] = data;
  for (let i = 1; i < data.length; i++) if (!Object.is(data[i], first)) return false;
  return true;
}
