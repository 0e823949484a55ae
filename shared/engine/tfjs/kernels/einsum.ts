import * as tf from '#tfjs';

/**
 * Einsum by matrix products: axes in both operands and in the result are the batch, axes in both but not in the result
 * are contracted. More than two operands are folded from the left. Axes may not repeat within one operand, as in tfjs.
 */
export function einsum(equation: string, operands: readonly tf.Tensor[]): tf.Tensor {
  const [terms = '', result = ''] = equation.replace(/\s/g, '').split('->');
  const names = terms.split(',');
  let tensor = operands[0] as tf.Tensor;
  let axes = names[0] ?? '';
  for (let i = 1; i < operands.length; i++) {
    const right = names[i] ?? '';
    const later = names.slice(i + 1).join('') + result;
    const kept = unique(axes + right)
      .filter((axis) => later.includes(axis))
      .join('');
    tensor = contract(tensor, axes, operands[i] as tf.Tensor, right, kept);
    axes = kept;
  }
  return permute(sumAway(tensor, axes, result), only(axes, result), result);
}

/**
 * The gradient for one operand: the einsum of the others with the result's gradient. tfjs defines none. Axes that only
 * this operand has, and that were summed away, get the same gradient all along.
 */
export function einsumGradient(
  equation: string,
  operands: readonly tf.Tensor[],
  index: number,
  gradient: tf.Tensor,
): tf.Tensor {
  const [terms = '', result = ''] = equation.replace(/\s/g, '').split('->');
  const names = terms.split(',');
  const own = names[index] ?? '';
  const otherNames = names.filter((_, i) => i !== index);
  const others = operands.filter((_, i) => i !== index);
  const reached = only(own, result + otherNames.join(''));
  const partial = einsum(`${[result, ...otherNames].join(',')}->${reached}`, [gradient, ...others]);
  const { shape } = operands[index] as tf.Tensor;
  const spread = [...own].map((axis, i) => (reached.includes(axis) ? (shape[i] ?? 1) : 1));
  return partial.reshape(spread).broadcastTo(shape);
}

function contract(left: tf.Tensor, leftAxes: string, right: tf.Tensor, rightAxes: string, result: string): tf.Tensor {
  const a = sumAway(left, leftAxes, rightAxes + result);
  const b = sumAway(right, rightAxes, leftAxes + result);
  const [x, y] = [only(leftAxes, rightAxes + result), only(rightAxes, leftAxes + result)];
  const shared = only(x, y);
  const batch = only(shared, result);
  const summed = [...shared].filter((axis) => !result.includes(axis)).join('');
  const rows = [...x].filter((axis) => !y.includes(axis)).join('');
  const columns = [...y].filter((axis) => !x.includes(axis)).join('');
  const length = new Map([
    ...[...x].map((axis, i) => [axis, a.shape[i]] as const),
    ...[...y].map((axis, i) => [axis, b.shape[i]] as const),
  ]);
  const size = (axes: string) => [...axes].reduce((product, axis) => product * (length.get(axis) ?? 1), 1);
  const p = permute(a, x, batch + rows + summed).reshape<tf.Tensor3D>([size(batch), size(rows), size(summed)]);
  const q = permute(b, y, batch + summed + columns).reshape<tf.Tensor3D>([size(batch), size(summed), size(columns)]);
  const found = batch + rows + columns;
  return permute(tf.matMul(p, q).reshape([...found].map((axis) => length.get(axis) ?? 1)), found, result);
}

/** Sums over the axes that nothing else mentions. */
function sumAway(tensor: tf.Tensor, axes: string, needed: string): tf.Tensor {
  const lost = [...axes].flatMap((axis, i) => (needed.includes(axis) ? [] : [i]));
  return lost.length > 0 ? tensor.sum(lost) : tensor;
}

function permute(tensor: tf.Tensor, from: string, to: string): tf.Tensor {
  return from === to ? tensor.clone() : tensor.transpose([...to].map((axis) => from.indexOf(axis)));
}

function only(axes: string, allowed: string): string {
  return [...axes].filter((axis) => allowed.includes(axis)).join('');
}

function unique(axes: string): string[] {
  return [...new Set(axes)];
}
