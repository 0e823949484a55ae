import * as tf from '#tfjs';

type Kernel = tf.KernelConfig['kernelFunc'];
type Call = Parameters<Kernel>[0];

/** What of tfjs's backends is used here. */
interface CpuBackend {
  write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): object;
  readSync(dataId: object): tf.BackendValues;
  disposeData(dataId: object): boolean;
}
interface WasmBackend {
  readSync(dataId: object): tf.BackendValues;
  makeOutput(shape: number[], dtype: tf.DataType): tf.TensorInfo;
  typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array;
}

/**
 * A kernel for wasm that computes as tfjs's plain JavaScript does: slowly, and rightly where that of wasm is wrong. Undefined where this
 * tfjs has no such kernel.
 */
export function fromCpu(kernelName: string): Kernel | undefined {
  const kernel = tf.getKernel(kernelName, 'cpu');
  if (!kernel) return undefined;
  return (call: Call) => {
    const wasm = call.backend as unknown as WasmBackend;
    const cpu = tf.engine().findBackend('cpu') as unknown as CpuBackend;
    const inputs = Object.entries(call.inputs).map(([name, input]) => {
      const { dataId, shape, dtype } = input as tf.TensorInfo;
      return [name, { shape, dtype, dataId: cpu.write(wasm.readSync(dataId), shape, dtype) }] as const;
    });
    const result = kernel.kernelFunc({
      ...call,
      inputs: Object.fromEntries(inputs),
      backend: cpu,
    }) as tf.TensorInfo;
    const output = wasm.makeOutput(result.shape, result.dtype);
    wasm.typedArrayFromHeap(output).set(cpu.readSync(result.dataId) as Float32Array);
    [...inputs.map(([, { dataId }]) => dataId), result.dataId].forEach((dataId) => cpu.disposeData(dataId));
    return output;
  };
}
