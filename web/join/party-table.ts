import type { Column, TableSchema } from '../../shared/data/table.js';
import type { PlaceOnCard } from '../../shared/run-card.js';

interface NamedColumns {
  readonly ids: string;
  /** Looked at where the party has labels and the run does not say how its table is read. */
  readonly label: string;
  readonly labelType: 'int32' | 'float32';
}

/** How the table of a party is read: as the run says, or as numbers; rows to test on are chosen by id, as at the other parties. */
export function partySchema(
  columns: readonly string[],
  { party, table }: Pick<PlaceOnCard, 'party' | 'table'>,
  { ids, label, labelType }: NamedColumns,
): TableSchema {
  if (table) return { ...table, columns: [{ name: ids, kind: 'id' }, ...table.columns] };
  return {
    columns: columns.map((name): Column => {
      if (name === ids) return { name, kind: 'id' };
      if (name === label && party === 'active') return { name, kind: 'label', dtype: labelType };
      return { name, kind: 'number' };
    }),
  };
}
