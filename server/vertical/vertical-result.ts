import type { CutModel } from '../../shared/model/cut.js';
import type { NdArray } from '../../shared/ndarray.js';
import type { Placement } from '../../shared/topologies.js';
import type { PartyBottoms } from './party-bottoms.js';
import type { RunHostOptions } from '../run/run-host-options.js';
import { resultOf, type RunFacts, type RunResult } from '../run/summarise.js';

/** How a vertical run went: its segments, of all parties and the server, make the undivided model. */
export function verticalResult(
  options: RunHostOptions,
  course: Pick<RunFacts, 'steps' | 'samples' | 'seconds' | 'scores' | 'clients' | 'lost'>,
  held: {
    readonly bottoms: PartyBottoms;
    readonly cut: CutModel;
    readonly placement: Placement;
    /** The weights of the server's segments. */
    readonly lane: readonly (readonly NdArray[])[];
  },
): Promise<RunResult> {
  const stopped = course.steps >= options.settings.steps ? 'steps' : 'epochs';
  const ofServer = held.placement.server.flatMap((index, i) => {
    const spec = held.cut.specs[index];
    return spec ? [{ spec, weights: held.lane[i] ?? [] }] : [];
  });
  const segments = [...held.bottoms.segments, ...ofServer];
  return resultOf(
    options,
    { ...course, stopped, best: null, evaluations: [] },
    segments.map(({ spec }) => spec),
    segments.map(({ weights }) => weights),
  );
}
