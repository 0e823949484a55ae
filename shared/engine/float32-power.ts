/**
 * base^exponent by repeated float32 products, as tfjs accumulates it; remembers the last one. For Adam's bias correction
 * the rounding matters: 1 - 0.999 is off by 1.3e-5 of itself in float32, the same way in every weight.
 */
export function float32Power(base: number): (exponent: number) => number {
  const factor = Math.fround(base);
  let known = 1;
  let value = factor;
  return (exponent) => {
    if (exponent < known) [known, value] = [1, factor];
    for (; known < exponent; known++) value = Math.fround(value * factor);
    return value;
  };
}
