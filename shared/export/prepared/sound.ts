import { FLOOR, framesOf, spectrumOf } from '../../data/log-mel.js';
import type { SoundPreparation } from '../../preparation/preparation.js';
import { BATCH } from '../open-batch.js';
import type { GraphWriter } from '../graph-writer.js';

/**
 * Sounds of any length at the model's rate, from -1 to 1, as [batch, samples]: the energies of `logMel`, in double precision since a
 * logarithm magnifies what is small. Returns [batch, frames, bands].
 */
export function preparedSound(graph: GraphWriter, preparation: SoundPreparation): string {
  const { samplesPerSecond, seconds, means, deviations } = preparation;
  const { window, size, filters, hop, samples } = spectrumOf(preparation);
  const [frames, width] = [framesOf(samplesPerSecond, seconds), window.length];
  const given = graph.input('sound', 'float32', [BATCH, 'samples']);
  const start = graph.node('Slice', [given, graph.integers(0), graph.integers(samples), graph.integers(1)]);
  // What is short is followed by silence: so much behind any of them, and then cut.
  const whole = Math.max(samples, (frames - 1) * hop + width);
  const padded = graph.node('Pad', [graph.cast(start, 'float64'), graph.integers(0, 0, 0, whole)]);
  const framed = graph.node('Gather', [padded, places(graph, frames, width, hop)], { axis: 1 });
  const bins = [...new Set(filters.flatMap(({ first, weights }) => weights.map((_, i) => first + i)))].sort(
    (a, b) => a - b,
  );
  const wave = (of: (angle: number) => number) =>
    graph.doubles(
      [width, bins.length],
      Float64Array.from({ length: width * bins.length }, (_, at) => {
        const [i, bin] = [Math.floor(at / bins.length), bins[at % bins.length] ?? 0];
        return (window[i] ?? 0) * of((2 * Math.PI * ((i * bin) % size)) / size);
      }),
    );
  const power = (part: string) => graph.node('Mul', [part, part]);
  const energies = graph.node('Add', [
    power(graph.node('MatMul', [framed, wave(Math.cos)])),
    power(graph.node('MatMul', [framed, wave(Math.sin)])),
  ]);
  const mel = new Float64Array(bins.length * filters.length);
  filters.forEach(({ first, weights }, band) =>
    weights.forEach((weight, i) => (mel[bins.indexOf(first + i) * filters.length + band] = weight)),
  );
  const banded = graph.node('MatMul', [energies, graph.doubles([bins.length, filters.length], mel)]);
  const logged = graph.node('Log', [graph.node('Add', [banded, graph.double(FLOOR)])]);
  const centred = graph.node('Sub', [logged, graph.doubles([means.length], means)]);
  return graph.cast(graph.node('Div', [centred, graph.doubles([deviations.length], deviations)]), 'float32');
}

/** Which samples each frame has, [frames, width]. */
function places(graph: GraphWriter, frames: number, width: number, hop: number): string {
  const starts = graph.integers(...Array.from({ length: frames }, (_, frame) => frame * hop));
  const within = graph.integers(...Array.from({ length: width }, (_, i) => i));
  return graph.node('Add', [graph.node('Unsqueeze', [starts, graph.integers(1)]), within]);
}
