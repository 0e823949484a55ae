import { nextRandom, shareOf } from './random-line.js';
import type { RowLoops } from './rows.js';
import { inverseOf } from './scales.js';

/** Value by value, for rows of any width and where there are no vectors. */
export const plainRows: RowLoops = {
  ranges(values, width, least, most) {
    for (let row = 0; row < least.length; row++) {
      let [low, high] = [0, 0];
      const end = (row + 1) * width;
      for (let i = row * width; i < end; i++) {
        const value = values[i] as number;
        if (value < low) low = value;
        else if (value > high) high = value;
      }
      least[row] = low;
      most[row] = high;
    }
  },

  quantise(values, { steps, zeros }, width, seed, symbols) {
    // As 32 bits with a sign, in which the loop stays.
    let random = (seed ?? 0) | 0;
    for (let row = 0; row < steps.length; row++) {
      const inverse = inverseOf(steps[row] as number);
      const shift = (zeros[row] as number) + 0.5;
      const end = (row + 1) * width;
      if (seed === null) {
        for (let i = row * width; i < end; i++) symbols[i] = (values[i] as number) * inverse + shift;
      } else {
        for (let i = row * width; i < end; i++) {
          random = nextRandom(random);
          symbols[i] = (values[i] as number) * inverse + (shareOf(random) + shift);
        }
      }
    }
  },

  restore(symbols, { steps, zeros }, width, values) {
    for (let row = 0; row < steps.length; row++) {
      const step = steps[row] as number;
      const zero = zeros[row] as number;
      const end = (row + 1) * width;
      for (let i = row * width; i < end; i++) values[i] = ((symbols[i] as number) - zero) * step;
    }
  },
};
