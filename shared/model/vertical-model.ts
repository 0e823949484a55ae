import * as tf from '#tfjs';
import { TandemError } from '../errors.js';
import { checkFields } from '../fields/check-fields.js';
import { callable, choice, either, list, optional, text, whole, type Fields } from '../fields/rules.js';

/** How the smashed data of the parties become one: side by side, element by element, or with a trained weight a party. */
export const fusionNames = ['concat', 'sum', 'mean', 'max', 'weighted'] as const;

/** How the smashed data of parties are joined. */
export type FusionName = (typeof fusionNames)[number];

/** One's own: any layers that make one tensor of those of all parties. */
export type Fusion = FusionName | ((smashed: readonly tf.SymbolicTensor[]) => tf.SymbolicTensor);

export interface VerticalModelOptions {
  readonly name?: string;
  /** The shape of each party's input, without the batch; a number for a row of so many. */
  readonly inputs: readonly (number | readonly number[])[];
  /** The layers of a party over its own input; their names must differ from party to party. */
  readonly bottom: (party: number, input: tf.SymbolicTensor) => tf.SymbolicTensor;
  readonly fusion?: Fusion;
  readonly top: (fused: tf.SymbolicTensor) => tf.SymbolicTensor;
}

/**
 * The undivided model of a vertical run: an input and a bottom a party, fusion, top. Cut it at `verticalCut(parties)`.
 * Throws BAD_OPTION for fewer than two parties, or bottoms whose outputs the fusion cannot join.
 */
export function verticalModel(options: VerticalModelOptions): tf.LayersModel {
  checkFields('verticalModel()', options, verticalFields);
  const { name = 'vertical', inputs: shapes, bottom, fusion = 'concat', top } = options;
  const inputs = shapes.map((shape, party) => tf.input({ shape: [shape].flat(), name: `input${party}` }));
  // A layer that changes nothing gives the cut a name, whatever the bottom ends with.
  const smashed = inputs.map((input, party) => apply(smashedLayer(party), bottom(party, input)));
  return tf.model({ name, inputs, outputs: top(fuse(smashed, fusion)) });
}

const length = whole(1);

const verticalFields = {
  name: optional(text),
  inputs: list(either(list(length), length, Array.isArray), 2, 'widths or shapes of the inputs, one a party,'),
  bottom: { ...callable, says: 'a function from a party and its input to a tensor' },
  fusion: optional(either(choice(fusionNames), callable, (value) => typeof value !== 'function')),
  top: { ...callable, says: 'a function from the fused tensor to the output' },
} satisfies Fields<VerticalModelOptions>;

/** The cut of a `verticalModel` below its fusion. */
export function verticalCut(parties: number): string {
  return Array.from({ length: parties }, (_, party) => smashedName(party)).join('+');
}

/** Joins tensors, one a party. Throws BAD_OPTION where their shapes do not allow it. */
function fuse(smashed: readonly tf.SymbolicTensor[], fusion: Fusion): tf.SymbolicTensor {
  if (typeof fusion === 'function') return fusion(smashed);
  const shapes = smashed.map(({ shape }) => shape.slice(1).join(' x '));
  if (fusion !== 'concat' && new Set(shapes).size > 1) {
    const what = `fusion '${fusion}' needs bottoms whose outputs have one shape, they have ${shapes.join(', ')}`;
    throw new TandemError('BAD_OPTION', what, "end the bottoms alike, or use 'concat'");
  }
  const name = 'fusion';
  switch (fusion) {
    case 'concat':
      return apply(tf.layers.concatenate({ name }), smashed);
    case 'sum':
      return apply(tf.layers.add({ name }), smashed);
    case 'mean':
      return apply(tf.layers.average({ name }), smashed);
    case 'max':
      return apply(tf.layers.maximum({ name }), smashed);
    case 'weighted':
      return weighted(smashed);
  }
}

/** The sum of all with a weight each, which is trained and begins at 1 / parties: the kernel of a dense layer across parties. */
function weighted(smashed: readonly tf.SymbolicTensor[]): tf.SymbolicTensor {
  const shape = (smashed[0]?.shape ?? []).slice(1) as number[];
  const stacked = smashed.map((one, party) =>
    apply(tf.layers.reshape({ name: `fusion_stack${party}`, targetShape: [...shape, 1] }), one),
  );
  const together = apply(tf.layers.concatenate({ name: 'fusion_parties' }), stacked);
  const kernelInitializer = tf.initializers.constant({ value: 1 / smashed.length });
  const sum = apply(tf.layers.dense({ name: 'fusion', units: 1, useBias: false, kernelInitializer }), together);
  return apply(tf.layers.reshape({ name: 'fusion_sum', targetShape: shape }), sum);
}

function smashedLayer(party: number): tf.layers.Layer {
  return tf.layers.activation({ name: smashedName(party), activation: 'linear' });
}

function smashedName(party: number): string {
  return `smashed${party}`;
}

function apply(layer: tf.layers.Layer, inputs: tf.SymbolicTensor | readonly tf.SymbolicTensor[]): tf.SymbolicTensor {
  return layer.apply(inputs as tf.SymbolicTensor | tf.SymbolicTensor[]) as tf.SymbolicTensor;
}
