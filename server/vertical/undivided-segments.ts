import type { PlacedModel } from '../../shared/model/build.js';
import type { NdArray } from '../../shared/ndarray.js';
import type { TrainedSegments } from '../run/course.js';
import type { PartyBottoms } from './party-bottoms.js';

/** The segments of all parties and of the server, which make the undivided model; `held` are the weights of the server's. */
export function undividedSegments(
  { cut, placement }: PlacedModel,
  bottoms: PartyBottoms,
  held: readonly (readonly NdArray[])[],
): TrainedSegments {
  const ofServer = placement.server.flatMap((index, i) => {
    const spec = cut.specs[index];
    return spec ? [{ spec, weights: held[i] ?? [] }] : [];
  });
  const segments = [...bottoms.segments, ...ofServer];
  return { specs: segments.map(({ spec }) => spec), weights: segments.map(({ weights }) => weights) };
}
