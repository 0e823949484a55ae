import type { RunSettings } from '../../shared/config.js';
import { recordSettings, type SettingsRecord } from '../../shared/settings-record.js';
import { TandemError } from '../../shared/errors.js';
import type { Task } from '../../shared/task.js';
import type { SessionSnapshot } from '../session/members.js';
import type { NamesSnapshot } from './agreed-names.js';
import type { ClientParts } from './client-parts.js';
import type { Bottoms, BottomsSnapshot } from './bottoms.js';
import type { Evaluations, EvaluationsSnapshot } from './evaluations.js';
import type { Lanes, LanesSnapshot } from './lanes.js';
import type { RunState } from './run-state.js';
import { recordRun, type RunRecord } from './run-record.js';

/** All that a run at the server depends on, as plain data: shared/checkpoint writes it down. */
export interface RunSnapshot {
  readonly id: string;
  readonly task: string;
  readonly settings: SettingsRecord;
  readonly run: RunRecord;
  readonly lanes: LanesSnapshot;
  readonly bottoms: BottomsSnapshot;
  readonly evaluations: EvaluationsSnapshot;
  readonly parties: readonly SessionSnapshot[];
  /** What clients have called their classes and columns; nothing in what was written before there were names. */
  readonly names?: NamesSnapshot;
  /** Training time so far. */
  readonly seconds: number;
}

/** The parts of a run that hold its state. */
export interface RunPieces {
  readonly lanes: Lanes;
  readonly bottoms: Bottoms;
  readonly evaluations: Evaluations;
  readonly parts: Pick<ClientParts, 'names'>;
}

/** Whether the run has begun and is not between two phases, so that it can be written down when no lane works. */
export function isSteady({ phase }: RunState): boolean {
  return phase !== 'gathering' && phase !== 'merging' && phase !== 'scoring';
}

/** The state of a run while no lane works, as if no step were half done. What is quick to read is read first: links may be lost while lanes answer. */
export async function takeSnapshot(
  { lanes, bottoms, evaluations, parts }: RunPieces,
  about: Pick<RunSnapshot, 'id' | 'task' | 'seconds' | 'parties'> & {
    readonly settings: RunSettings;
    readonly run: RunState;
  },
): Promise<RunSnapshot> {
  const quick = {
    ...about,
    settings: recordSettings(about.settings),
    run: recordRun(about.run),
    bottoms: bottoms.snapshot(),
    evaluations: evaluations.snapshot(),
    names: parts.names.snapshot(),
  };
  return { ...quick, lanes: await lanes.snapshot() };
}

/** Puts the state back; sessions are for the caller to open again. Throws BAD_OPTION when it is that of another run. */
export async function putBack(
  { lanes, bottoms, evaluations, parts }: RunPieces,
  snapshot: RunSnapshot,
  { task, settings }: { readonly task: Pick<Task, 'name'>; readonly settings: RunSettings },
): Promise<void> {
  checkSame(snapshot, task.name, settings);
  await lanes.restore(snapshot.lanes);
  bottoms.restore(snapshot.bottoms);
  evaluations.goOn(snapshot.evaluations);
  if (snapshot.names) parts.names.restore(snapshot.names);
}

/** What may differ when a run goes on: it changes nothing that is computed. */
const FREE = new Set(['engine']);

/** Throws BAD_OPTION when a checkpoint is of another run than the one that is to go on. */
export function checkSame(snapshot: Pick<RunSnapshot, 'task' | 'settings'>, task: string, settings: RunSettings): void {
  const before = { ...snapshot.settings, task: snapshot.task } as Readonly<Record<string, unknown>>;
  const now = { ...recordSettings(settings), task } as Readonly<Record<string, unknown>>;
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].filter((name) => !FREE.has(name));
  const other = names.find((name) => before[name] !== now[name]);
  if (other === undefined) return;
  throw new TandemError(
    'BAD_OPTION',
    `the state folder holds a run with ${other} = ${String(before[other])}, this one has ${String(now[other])}`,
    'start it with the same flags, or with another --state',
  );
}
