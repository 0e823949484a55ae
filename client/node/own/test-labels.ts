import { columnNames } from '../../../shared/data/cells.js';
import { parseCsv, remarkNotes } from '../../../shared/data/csv.js';
import type { Column, TableSchema } from '../../../shared/data/table.js';
import { bytesOf } from '../data/csv.js';

/** What may be added to a class or written otherwise in the table that is tested on, as UCI Adult has a full stop behind its labels there. */
const bare = (text: string) => text.replace(/[\s.;]+$/, '').toLowerCase();

/** A schema that knows the labels of the table to test on, too, where they differ only in their ends or capitals; `notes` says which. */
export async function withTestLabels(
  schema: TableSchema,
  test: string,
): Promise<{ readonly schema: TableSchema; readonly notes: readonly string[] }> {
  const at = schema.columns.findIndex((column) => column.kind === 'label' && column.classes !== undefined);
  const label = schema.columns[at];
  if (label?.kind !== 'label' || !label.classes) return { schema, notes: [] };
  const { rows, remarks } = await parseCsv(await bytesOf(test), test, schema);
  const { header = true } = schema;
  const place = header ? columnNames(rows[0] ?? []).indexOf(label.name) : at;
  const found = new Set(rows.slice(Number(header)).map((cells) => cells[place] ?? ''));
  const known = label.classes.map((texts) => [texts].flat());
  const notes: string[] = remarkNotes({ remarks }).map((note) => `${test}: ${note}`);
  const remarked = notes.length;
  const classes = known.map((texts) => {
    const others = [...found].filter((text) => !known.flat().includes(text) && bare(text) === bare(texts[0] ?? ''));
    for (const text of others) notes.push(`'${text}' in ${test} counts as '${texts[0] ?? ''}'`);
    return others.length > 0 ? [...texts, ...others] : texts;
  });
  // Of two classes that differ only in that, nobody knows which is meant.
  if (notes.length === remarked || new Set(known.map(([text = '']) => bare(text))).size < known.length)
    return { schema, notes: notes.slice(0, remarked) };
  const own: Column = { ...label, classes: classes.map((texts) => (texts.length === 1 ? (texts[0] ?? '') : texts)) };
  return { schema: { ...schema, columns: schema.columns.map((column, i) => (i === at ? own : column)) }, notes };
}
