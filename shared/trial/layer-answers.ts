import * as tf from '#tfjs';
import { LayerError, showLayer } from '../engine/layer-error.js';
import { runSeeded, type SeededRun } from '../engine/tfjs/random-layers.js';
import { isTensor } from '../model/loss.js';
import { showShape } from '../ndarray.js';

/** As in training, and what each layer returns is checked: layers above, and the parts of a cut model, are built for the shape that it says. */
export const runChecked: SeededRun = (source, layer, call) =>
  runSeeded(source, layer, () => {
    const answer = call();
    refuseOtherAnswer(layer, answer);
    return answer;
  });

function refuseOtherAnswer(layer: tf.layers.Layer, answer: unknown): void {
  const tensors = [answer].flat();
  const strange = tensors.find((tensor) => !isTensor(tensor));
  if (tensors.length === 0 || !tensors.every(isTensor)) {
    if (strange instanceof Promise) ignoreOutcome(strange);
    const what = strange instanceof Promise ? 'a promise' : String(strange);
    throw new LayerError(showLayer(layer), `its call() returns ${what}, not a tensor`);
  }
  if (tensors.some(({ isDisposed }) => isDisposed)) {
    throw new LayerError(showLayer(layer), 'its call() returns a tensor that is disposed of');
  }
  const shapes = tensors.map(({ shape }) => shape);
  const said = layer.inboundNodes.map(({ outputShapes }) => listOfShapes(outputShapes));
  if (said.some((expected) => fits(expected, shapes))) return;
  throw new LayerError(
    showLayer(layer),
    `it returns ${shapes.map(showShape).join(', ')} where its computeOutputShape() says ${said[0]?.map(showShape).join(', ')}`,
  );
}

function listOfShapes(shapes: tf.Shape | tf.Shape[]): tf.Shape[] {
  return (Array.isArray(shapes[0]) ? shapes : [shapes]) as tf.Shape[];
}

/** Dimensions of open length fit any. */
function fits(expected: readonly tf.Shape[], shapes: readonly tf.Shape[]): boolean {
  return (
    expected.length === shapes.length &&
    expected.every((shape, i) => {
      const other = shapes[i] ?? [];
      return (
        shape.length === other.length &&
        shape.every((length, k) => length === null || length < 0 || length === other[k])
      );
    })
  );
}

/** It is refused as a promise; what else is wrong with it must not end the process. */
export function ignoreOutcome(promise: Promise<unknown>): void {
  promise.catch(() => {
    // Said above.
  });
}
