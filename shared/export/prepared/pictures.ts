import { LUMA } from '../../data/image-set.js';
import { NEAR } from '../../data/picture.js';
import type { ImagePreparation } from '../../preparation/preparation.js';
import { BATCH } from '../open-batch.js';
import type { GraphWriter } from '../graph-writer.js';

/**
 * Pictures of any one size, red, green and blue from 0 to 255, as [batch, height, width, 3] bytes: cut around the middle and brought to
 * the model's size as `fitted` does, which no `Resize` of operator set 17 can (it skips pixels). Returns [batch, height, width, channels].
 */
export function preparedPictures(graph: GraphWriter, { size: [height, width], channels }: ImagePreparation): string {
  const given = graph.input('image', 'uint8', [BATCH, 'height', 'width', 3]);
  const shape = graph.node('Shape', [given]);
  const length = (axis: number) => graph.cast(graph.node('Gather', [shape, graph.integer(axis)]), 'float64');
  const [h, w] = [length(1), length(2)];
  const scale = graph.node('Min', [
    graph.node('Div', [h, graph.double(height)]),
    graph.node('Div', [w, graph.double(width)]),
  ]);
  // Colours before places, so that the last two can be multiplied: [batch, 3, h, w].
  const planes = graph.node('Transpose', [graph.cast(given, 'float64')], { perm: [0, 3, 1, 2] });
  const narrow = graph.node('MatMul', [planes, graph.node('Transpose', [shares(graph, w, width, scale)])]);
  const fitted = nearest(graph, graph.node('MatMul', [shares(graph, h, height, scale), narrow]));
  const rgb = graph.node('Transpose', [fitted], { perm: [0, 2, 3, 1] });
  const own = channels === 3 ? rgb : nearest(graph, graph.node('MatMul', [rgb, graph.doubles([3, 1], LUMA)]));
  return graph.cast(graph.node('Mul', [own, graph.double(1 / 255)]), 'float32');
}

/** How much of each old pixel is in each new one, [new, old]: a triangle around its middle. */
function shares(graph: GraphWriter, old: string, length: number, scale: string): string {
  const add = (a: string, b: string) => graph.node('Add', [a, b]);
  const mul = (a: string, b: string) => graph.node('Mul', [a, b]);
  const half = graph.double(0.5);
  const spare = graph.node('Sub', [old, mul(graph.double(length), scale)]);
  const middles = add(
    mul(spare, half),
    mul(
      graph.doubles(
        [length, 1],
        Array.from({ length }, (_, i) => i + 0.5),
      ),
      scale,
    ),
  );
  const places = graph.cast(
    graph.node('Range', [graph.integer(0), graph.cast(old, 'int64'), graph.integer(1)]),
    'float64',
  );
  const away = graph.node('Abs', [graph.node('Sub', [add(places, half), middles])]);
  const reach = graph.node('Max', [scale, graph.double(1)]);
  const raw = graph.node('Max', [
    graph.node('Sub', [graph.double(1), graph.node('Div', [away, reach])]),
    graph.double(0),
  ]);
  return graph.node('Div', [raw, graph.node('ReduceSum', [raw, graph.integers(1)])]);
}

function nearest(graph: GraphWriter, value: string): string {
  return graph.node('Floor', [graph.node('Add', [value, graph.double(0.5 + NEAR)])]);
}
