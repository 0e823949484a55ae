import { listNames } from '../../shared/data/names.js';
import { sameNames, type RunNames } from '../../shared/data/run-names.js';
import { TandemError } from '../../shared/errors.js';
import type { Message } from '../../shared/protocol/messages.js';
import { modelMessage, type ClientPart } from './client-part.js';

/** The names in a client's `ready`. */
type Named = Pick<Message<'ready'>, 'classes' | 'columns' | 'coding'>;

/** What a checkpoint has of a run's names. */
export interface NamesSnapshot {
  readonly told: RunNames;
  readonly keepers: readonly number[];
}

/**
 * The names of a run's classes and columns: the task's, or those of the first client that has any. Clients that come later are
 * told and map theirs by name; one that came at the same time with other names is refused.
 */
export class AgreedNames {
  private told: RunNames = {};
  /** The clients that rely on these names. */
  private readonly keepers = new Set<number>();

  /** The `model` message of each part, as long as names stay. */
  private models = new Map<ClientPart, Message<'model'>>();

  constructor(private readonly task: RunNames) {}

  /** The `model` message of a part, the same for all clients that hold it. */
  modelOf(part: ClientPart): Message<'model'> {
    const model = this.models.get(part) ?? modelMessage(part, this.current);
    this.models.set(part, model);
    return model;
  }

  get current(): RunNames {
    return { ...this.told, ...this.task };
  }

  /** Takes a client's names. Throws BAD_DATA with both lists where the run has others for the same numbers. */
  agree(client: number, { classes, columns, coding }: Named): void {
    const { current } = this;
    refuseOthers('classes', classes, current.classes);
    refuseOthers('columns', columns, current.columns);
    if (columns && current.columns && (coding ?? undefined) !== current.coding) {
      const what = `the columns ${listNames(columns)} of this client become numbers in another way than those of the run`;
      throw new TandemError('BAD_DATA', what, 'give every client the same schema');
    }
    // With one class alone its number is not known.
    const isNew = { classes: !current.classes && (classes?.length ?? 0) > 1, columns: !current.columns && columns };
    if (isNew.classes || isNew.columns) {
      this.tell({
        ...this.told,
        ...(isNew.classes && classes ? { classes } : {}),
        ...(isNew.columns && columns ? { columns, ...(coding == null ? {} : { coding }) } : {}),
      });
    }
    this.keepers.add(client);
  }

  /** A client has left before the run began; names that no client relies on are dropped. */
  forget(client: number): void {
    this.keepers.delete(client);
    if (this.keepers.size === 0) this.tell({});
  }

  snapshot(): NamesSnapshot {
    return { told: this.told, keepers: [...this.keepers] };
  }

  restore({ told, keepers }: NamesSnapshot): void {
    this.tell(told);
    keepers.forEach((client) => this.keepers.add(client));
  }

  private tell(names: RunNames): void {
    this.told = names;
    this.models = new Map();
  }
}

function refuseOthers(
  what: 'classes' | 'columns',
  own: readonly string[] | null | undefined,
  run: readonly string[] | undefined,
): void {
  if (!own || !run || sameNames(own, run)) return;
  throw new TandemError(
    'BAD_DATA',
    `the data have the ${what} ${listNames(own)}, and the run has ${listNames(run)}`,
    'join again: the run is named by now, and what it has, too, is mapped by name',
  );
}
