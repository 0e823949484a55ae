import type { RunSettings } from '../../shared/config.js';
import { recordSettings, type SettingsRecord } from '../../shared/settings-record.js';
import { TandemError } from '../../shared/errors.js';
import type { ClientAccount } from '../../shared/events.js';
import type { SessionSnapshot } from '../session/run-sessions.js';
import type { PoolSnapshot } from '../pool/pool.js';
import type { NamesSnapshot } from './agreed-names.js';
import type { BottomsSnapshot } from './bottoms.js';
import type { CourseSnapshot, CourseState } from './course.js';
import type { EvaluationsSnapshot } from './evaluations.js';
import { canBeWaitedOut, waitingAgain } from './failure.js';
import type { LanesSnapshot } from '../lane/lanes.js';
import type { RunStateSnapshot } from './run-state-snapshot.js';

/** What is written down of a run whatever its course is, as plain data: shared/checkpoint writes it down. */
export interface WrittenRun extends CourseSnapshot {
  readonly id: string;
  readonly task: string;
  readonly settings: SettingsRecord;
  readonly parties: readonly SessionSnapshot[];
  /** What was done in places whose client has left; nothing in what was written before it was kept. */
  readonly left?: readonly ClientAccount[];
  /** Training time so far. */
  readonly seconds: number;
}

/** All that the course of a run depends on whose clients have rows of their own. */
export interface RowsSnapshot extends CourseSnapshot {
  readonly run: RunStateSnapshot;
  readonly lanes: LanesSnapshot;
  readonly bottoms: BottomsSnapshot;
  readonly evaluations: EvaluationsSnapshot;
  /** What clients have called their classes and columns; nothing in what was written before there were names. */
  readonly names?: NamesSnapshot;
  /** What clients have sent that the lane has not learned from; nothing where none of that is kept. */
  readonly pool?: PoolSnapshot | null;
}

export type RunSnapshot = WrittenRun & RowsSnapshot;

/** Whether the run has begun and is not between two phases, so that it can be written down when no lane works. */
export function isSteady({ phase }: CourseState): boolean {
  return phase !== 'gathering' && phase !== 'merging' && phase !== 'scoring' && phase !== 'recalling';
}

/** A checkpoint to go on from: of a run that lost its clients, one that waits for them, and for the round in which they left. */
export function goneOnWith(snapshot: RowsSnapshot): RowsSnapshot {
  if (!canBeWaitedOut(snapshot)) return snapshot;
  const none = { turn: null, turns: [], evaluating: [], heard: [] };
  return {
    ...snapshot,
    run: { ...waitingAgain(snapshot.run), ...none },
    bottoms: { ...snapshot.bottoms, uploads: [] },
  };
}

/** What may differ when a run goes on: it changes nothing that is computed. */
const FREE = new Set(['engine']);

/** Throws BAD_OPTION when a checkpoint is of another run than the one that is to go on. */
export function checkSame(snapshot: Pick<WrittenRun, 'task' | 'settings'>, task: string, settings: RunSettings): void {
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
