import type { RunSettings } from '../../shared/config.js';
import { TandemError } from '../../shared/errors.js';
import type { Task } from '../../shared/task.js';
import type { Delivery } from '../../shared/session/delivery.js';
import type { LastingLink } from '../../shared/session/lasting-link.js';
import type { SessionHolders } from '../entry/session-holders.js';
import type { Party, PartySnapshot } from '../session/party.js';
import type { Bottoms, BottomsSnapshot } from './bottoms.js';
import type { Evaluations, EvaluationsSnapshot } from './evaluations.js';
import type { Lanes, LanesSnapshot } from './lanes.js';
import type { RunState } from './run-state.js';

/** A session's client, and what went over its links. */
export interface SessionSnapshot extends PartySnapshot {
  readonly delivery: Delivery;
  /** What the checkpoint before this one held. */
  readonly stored: number;
  /** The invite or the key that the session was opened with; null where everybody is let in. */
  readonly holder: string | null;
}

/** All that a run at the server depends on, as plain data: shared/checkpoint writes it down. */
export interface RunSnapshot {
  readonly id: string;
  readonly task: string;
  readonly settings: RunSettings;
  readonly run: Omit<RunState, 'settings'>;
  readonly lanes: LanesSnapshot;
  readonly bottoms: BottomsSnapshot;
  readonly evaluations: EvaluationsSnapshot;
  readonly parties: readonly SessionSnapshot[];
  /** Training time so far. */
  readonly seconds: number;
}

/** The parts of a run that hold its state. */
export interface RunPieces {
  readonly lanes: Lanes;
  readonly bottoms: Bottoms;
  readonly evaluations: Evaluations;
}

/** The state of a run between two jobs. What is quick to read is read first: links may be lost while lanes answer. */
export async function takeSnapshot(
  { lanes, bottoms, evaluations }: RunPieces,
  about: Pick<RunSnapshot, 'id' | 'task' | 'settings' | 'seconds'> & { readonly run: RunState },
  parties: readonly Party[],
  links: ReadonlyMap<string, LastingLink>,
  holders?: SessionHolders,
): Promise<RunSnapshot> {
  const { settings: _, ...run } = about.run;
  const sessions = parties.flatMap((party) => {
    const link = links.get(party.session);
    if (!link || party.client === null) return [];
    const holder = holders?.of(party.session) ?? null;
    return [{ ...party.snapshot(), delivery: link.snapshot(), stored: link.durable, holder }];
  });
  const quick = { ...about, run, bottoms: bottoms.snapshot(), evaluations: evaluations.snapshot(), parties: sessions };
  return { ...quick, lanes: await lanes.snapshot() };
}

/** Puts the state back; sessions are for the caller to open again. Throws BAD_OPTION when it is that of another run. */
export async function putBack(
  { lanes, bottoms, evaluations }: RunPieces,
  snapshot: RunSnapshot,
  { task, settings }: { readonly task: Pick<Task, 'name'>; readonly settings: RunSettings },
): Promise<void> {
  checkSame(snapshot, task.name, settings);
  await lanes.restore(snapshot.lanes);
  bottoms.restore(snapshot.bottoms);
  evaluations.goOn(snapshot.evaluations);
}

/** What may differ when a run goes on: it changes nothing that is computed. */
const FREE = new Set(['engine']);

/** Throws BAD_OPTION when a checkpoint is of another run than the one that is to go on. */
function checkSame(snapshot: RunSnapshot, task: string, settings: RunSettings): void {
  const before = { ...snapshot.settings, task: snapshot.task } as Readonly<Record<string, unknown>>;
  const now = { ...settings, task } as Readonly<Record<string, unknown>>;
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].filter((name) => !FREE.has(name));
  const other = names.find((name) => before[name] !== now[name]);
  if (other === undefined) return;
  throw new TandemError(
    'BAD_OPTION',
    `the state folder holds a run with ${other} = ${String(before[other])}, this one has ${String(now[other])}`,
    'start it with the same flags, or with another --state',
  );
}
