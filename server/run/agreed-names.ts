import { listNames } from '../../shared/data/names.js';
import { sameNames, type RunNames } from '../../shared/data/run-names.js';
import { TandemError } from '../../shared/errors.js';
import type { Message } from '../../shared/protocol/messages.js';
import { modelMessage, type ClientPart } from './client-part.js';

/** What a client says of its names. */
type Named = Pick<Message<'ready'>, 'classes' | 'columns' | 'coding'>;

/** What is written down of the names of a run. */
export interface NamesSnapshot {
  readonly told: RunNames;
  readonly keepers: readonly number[];
}

/**
 * What classes and columns of a run are called: as its task says, or as the first client does that names its own. Who comes
 * later is told, and maps its own by name; who came at the same time and means something else is refused.
 */
export class AgreedNames {
  private told: RunNames = {};
  /** The clients that rely on what was told. */
  private readonly keepers = new Set<number>();

  /** What clients are told of their parts, by part, as long as names stay. */
  private models = new Map<ClientPart, Message<'model'>>();

  constructor(private readonly task: RunNames) {}

  /** The message that tells clients of their part, the same one for all. */
  modelOf(part: ClientPart): Message<'model'> {
    const model = this.models.get(part) ?? modelMessage(part, this.current);
    this.models.set(part, model);
    return model;
  }

  get current(): RunNames {
    return { ...this.told, ...this.task };
  }

  /** Takes what a client calls its classes and columns. Throws BAD_DATA with both lists where others mean something else by the same numbers. */
  agree(client: number, { classes, columns, coding }: Named): void {
    const { current } = this;
    refuseOthers('classes', classes, current.classes);
    refuseOthers('columns', columns, current.columns);
    if (columns && current.columns && (coding ?? undefined) !== current.coding) {
      const what = `the columns ${listNames(columns)} of this client become numbers in another way than those of the run`;
      throw new TandemError('BAD_DATA', what, 'give every client the same schema');
    }
    // One class alone says nothing of its number.
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

  /** A client has left before the run began; names that nobody keeps any more are free again. */
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
