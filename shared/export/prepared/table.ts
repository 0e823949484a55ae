import { ML_DOMAIN } from '../../engine/onnx/graph/encode-model.js';
import { roundsOf } from '../../data/dates.js';
import type { Column, TableSchema } from '../../data/table.js';
import { BATCH } from '../open-batch.js';
import type { GraphWriter } from '../graph-writer.js';

/** Columns as they stand in a table, an input each of [batch]: numbers as float64, NaN where one is missing, dates as days, words as text. Returns [batch, width]. */
export function preparedTable(graph: GraphWriter, { columns, missing = ['?', ''] }: TableSchema): string {
  const parts = columns.flatMap((column) => {
    if (column.kind === 'number') return [numbers(graph, column)];
    if (column.kind === 'date') return dates(graph, column);
    return column.kind === 'category' ? [words(graph, column, missing)] : [];
  });
  return parts.length === 1 ? (parts[0] ?? '') : graph.node('Concat', parts, { axis: 1 });
}

function numbers(graph: GraphWriter, { name, mean = 0, deviation = 1 }: Extract<Column, { kind: 'number' }>): string {
  const given = graph.input(name, 'float64', [BATCH]);
  const known = graph.node('Where', [graph.node('IsNaN', [given]), graph.double(mean), given]);
  const scaled = graph.node('Div', [graph.node('Sub', [known, graph.double(mean)]), graph.double(deviation)]);
  return graph.node('Unsqueeze', [graph.cast(scaled, 'float32'), graph.integers(1)]);
}

/** Days since 1970, or the part of a day that has gone, as float64; NaN where one is missing. */
function dates(graph: GraphWriter, column: Extract<Column, { kind: 'date' }>): string[] {
  const { name, order, times = false, mean = 0, deviation = 1 } = column;
  const given = graph.input(name, 'float64', [BATCH]);
  const isMissing = graph.node('IsNaN', [given]);
  const known = graph.node('Where', [isMissing, graph.double(mean), given]);
  const column2d = (value: string) => graph.node('Unsqueeze', [value, graph.integers(1)]);
  const scaled = graph.node('Div', [graph.node('Sub', [known, graph.double(mean)]), graph.double(deviation)]);
  const rounds = roundsOf(order, times).flatMap((length) => {
    const turns = graph.node('Div', [known, graph.double(length)]);
    const part = graph.node('Sub', [turns, graph.node('Floor', [turns])]);
    const angle = graph.cast(graph.node('Mul', [part, graph.double(2 * Math.PI)]), 'float32');
    const quarter = graph.node('Add', [angle, graph.floats([], [Math.PI / 2])]);
    return [angle, quarter].map((each) =>
      column2d(graph.node('Where', [isMissing, graph.floats([], [0]), graph.node('Sin', [each])])),
    );
  });
  return order === 'time' ? rounds : [column2d(graph.cast(scaled, 'float32')), ...rounds];
}

/** One-hot; what has no place of its own is zeros only. */
function words(
  graph: GraphWriter,
  { name, values, other = false }: Extract<Column, { kind: 'category' }>,
  missing: readonly string[],
): string {
  const given = graph.input(name, 'string', [BATCH]);
  const depth = values.length + Number(other);
  // A place beyond the last one is nowhere.
  const gaps = missing.filter((cell) => !values.includes(cell));
  const places = graph.node(
    'LabelEncoder',
    [given],
    {
      keys_strings: { strings: [...values, ...gaps] },
      values_int64s: [...values.keys(), ...gaps.map(() => depth)],
      default_int64: other ? values.length : depth,
    },
    ML_DOMAIN,
  );
  return graph.node('OneHot', [places, graph.integer(depth), graph.floats([2], [0, 1])], { axis: -1 });
}
