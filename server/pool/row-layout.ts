import type { Contract } from '../../shared/contract.js';
import { TandemError } from '../../shared/errors.js';
import { bytesOf, bytesPerElement, fromBytes, sizeOf, type NdArray, type TensorSpec } from '../../shared/ndarray.js';

/** Samples as rows of one length: what crossed the cut, then the labels. */
export class RowLayout {
  private readonly specs: readonly TensorSpec[];
  private readonly widths: readonly number[];

  /** Throws BAD_OPTION where samples differ in length. */
  constructor(private readonly contract: Pick<Contract, 'tensors' | 'labels'>) {
    this.specs = [...contract.tensors, ...contract.labels];
    const loose = this.specs.find(({ shape }) => shape.includes(null));
    if (loose) {
      const what = `'${loose.name}' differs in length from sample to sample, and a pool has rows of one length`;
      throw new TandemError('BAD_OPTION', what, 'leave --pool out, or cut where the length is fixed');
    }
    this.widths = this.specs.map(({ dtype, shape }) => bytesPerElement[dtype] * sizeOf(shape.map(Number)));
  }

  /** Bytes of a row. */
  get width(): number {
    return this.widths.reduce((sum, width) => sum + width, 0);
  }

  /** The samples of a message, one row after the other. */
  rows(tensors: readonly NdArray[], labels: readonly NdArray[]): Uint8Array {
    const parts = [...tensors, ...labels].map(bytesOf);
    const count = (parts[0]?.length ?? 0) / (this.widths[0] ?? 1);
    const bytes = new Uint8Array(count * this.width);
    for (let row = 0, at = 0; row < count; row++)
      for (const [i, width] of this.widths.entries()) {
        bytes.set(parts[i]?.subarray(row * width, (row + 1) * width) ?? [], at);
        at += width;
      }
    return bytes;
  }

  /** The reverse. */
  batch(bytes: Uint8Array): { tensors: NdArray[]; labels: NdArray[] } {
    const count = bytes.length / this.width;
    let begin = 0;
    const arrays = this.specs.map(({ dtype, shape }, i) => {
      const width = this.widths[i] ?? 0;
      const own = new Uint8Array(count * width);
      for (let row = 0; row < count; row++) {
        const at = row * this.width + begin;
        own.set(bytes.subarray(at, at + width), row * width);
      }
      begin += width;
      return fromBytes(dtype, [count, ...shape.map(Number)], own);
    });
    const { length } = this.contract.tensors;
    return { tensors: arrays.slice(0, length), labels: arrays.slice(length) };
  }
}
