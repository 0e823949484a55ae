import { bytesToHex } from '@noble/hashes/utils.js';
import { POINT_BYTES } from '../../shared/alignment/points.js';

interface Comparison {
  /** For each party the places of the common points among its own, in the order of the points' values. */
  readonly places: readonly Int32Array[];
  /** A party that has a point twice. */
  readonly repeated?: number;
}

/** Compares sets of points that all parties have blinded; `sets[party]` is one set, in stretches. */
export function commonPlaces(sets: readonly (readonly Uint8Array[])[]): Comparison {
  /** In how many sets, one after the other, a point has been found. */
  const found = new Map<string, number>();
  for (const [party, set] of sets.entries()) {
    const here = new Set<string>();
    for (const point of pointsOf(set)) {
      if (here.has(point)) return { places: [], repeated: party };
      here.add(point);
      if ((found.get(point) ?? 0) === party) found.set(point, party + 1);
    }
  }
  const common = [...found].flatMap(([point, count]) => (count === sets.length ? [point] : [])).sort();
  const ranks = new Map(common.map((point, rank) => [point, rank]));
  const places = sets.map((set) => {
    const own = new Int32Array(common.length);
    let place = 0;
    for (const point of pointsOf(set)) {
      const rank = ranks.get(point);
      if (rank !== undefined) own[rank] = place;
      place++;
    }
    return own;
  });
  return { places };
}

/** How many points differ from all before them. */
export function countDistinct(set: readonly Uint8Array[]): number {
  return new Set(pointsOf(set)).size;
}

function* pointsOf(set: readonly Uint8Array[]): Generator<string, void> {
  for (const points of set) {
    for (let at = 0; at < points.length; at += POINT_BYTES) yield bytesToHex(points.subarray(at, at + POINT_BYTES));
  }
}
