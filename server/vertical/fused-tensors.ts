import type { TensorSpec, NdArray } from '../../shared/ndarray.js';
import { bytesPerElement, fromBytes, sizeOf } from '../../shared/ndarray.js';

/** The tensors at the cut in the order of the model, each made by one party. */
export class FusedTensors {
  /** `outputs[i]` are the places of those that party i makes. */
  constructor(
    private readonly specs: readonly TensorSpec[],
    private readonly outputs: readonly (readonly number[])[],
  ) {}

  /** Puts the parties' tensors together; zeros stand for those of a party that sent nothing. */
  join(smashed: ReadonlyMap<number, readonly NdArray[]>, rows: number): NdArray[] {
    const joined: NdArray[] = [];
    this.outputs.forEach((places, party) => {
      const tensors = smashed.get(party);
      places.forEach((place, i) => {
        const spec = this.specs[place];
        if (spec) joined[place] = tensors?.[i] ?? zeros(spec, rows);
      });
    });
    return joined;
  }

  /** A party's slice of tensors that are in the order of the model. */
  slice(tensors: readonly NdArray[], party: number): NdArray[] {
    return (this.outputs[party] ?? []).flatMap((place) => tensors[place] ?? []);
  }
}

function zeros({ dtype, shape }: TensorSpec, rows: number): NdArray {
  const lengths = [rows, ...shape.map(Number)];
  return fromBytes(dtype, lengths, new Uint8Array(sizeOf(lengths) * bytesPerElement[dtype]));
}
