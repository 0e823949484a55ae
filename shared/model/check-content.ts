import { squaresSlotOf } from '../engine/optimizer.js';
import { TandemError } from '../errors.js';
import { largestOf, LARGEST_ALLOWED } from '../ndarray.js';
import type { HeldPart, SegmentContent } from './bottom-payload.js';
import { weightKey } from './weights.js';

/** Adam's mean of gradients is always below so many times the root of its mean of squares. */
const MOST_RATIO = 100;
/** Squares below this are lost in float32. */
const TINY = 1e-15;

/** Throws BAD_VALUE for a peer's weights or optimizer state that are finite, but would make the next step overflow. */
export function checkContents(parts: readonly HeldPart[], contents: readonly SegmentContent[]): void {
  parts.forEach(({ spec, optimizer }, i) => {
    const content = contents[i];
    if (!content) return;
    const trained = spec.weights.flatMap((weight, w) => {
      const value = content.weights[w];
      return weight.trainable && value ? [{ name: weightKey(weight), value }] : [];
    });
    for (const { name, value } of trained) expect(largestOf([value]), LARGEST_ALLOWED, `weight ${name} holds`);
    const squares = squaresSlotOf(optimizer);
    content.optimizer?.slots.forEach((slots, w) => {
      const name = trained[w]?.name ?? String(w);
      slots.forEach((data, slot) => {
        const most = slot === squares ? LARGEST_ALLOWED ** 2 : LARGEST_ALLOWED;
        expect(largestOf([{ data }]), most, `the optimizer's state of weight ${name} holds`);
      });
      if (optimizer.kind === 'adam' || optimizer.kind === 'adamw') checkMoments(slots, name);
    });
  });
}

/** Adam divides the mean by the root of the squares. */
function checkMoments([means, squares]: readonly Float32Array[], name: string): void {
  const bad = means?.findIndex((mean, i) => Math.abs(mean) > MOST_RATIO * Math.sqrt(squares?.[i] ?? 0) + TINY) ?? -1;
  if (bad < 0) return;
  const what = `the optimizer's state of weight ${name} has a mean of ${means?.[bad]} with a mean square of ${squares?.[bad]} at ${bad}`;
  throw new TandemError('BAD_VALUE', `${what}, which no gradients make`);
}

function expect(largest: number, most: number, what: string): void {
  if (largest <= most) return;
  throw new TandemError('BAD_VALUE', `${what} a value of ${largest}, at most ${most} is allowed`);
}
