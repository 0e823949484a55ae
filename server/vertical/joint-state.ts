import { notEvaluated, type EarlyStoppingRule } from '../../shared/early-stopping.js';
import type { MissingRule } from '../../shared/joint-options.js';
import type { CourseEffect, CourseInput, CourseMember, CourseState } from '../run/course.js';
import { waitingAgain } from '../run/failure.js';
import type { RowCounts } from './row-counts.js';

export interface JointSettings {
  /** How many parties the run has; the last one is active, all others are passive. */
  readonly parties: number;
  readonly batch: number;
  readonly epochs: number;
  readonly steps: number;
  readonly roundSteps: number | undefined;
  readonly missing: MissingRule;
  /** Seconds after which silent parties count as missing; without it, all are waited for. */
  readonly deadline: number | undefined;
  /** Evaluations during the run and what they decide; without it there is one at the end, which decides nothing. */
  readonly earlyStopping?: EarlyStoppingRule | undefined;
  /** Whether the run is to end before its next round. */
  readonly isStopped?: (() => boolean) | undefined;
}

/** The state of the reducer of a vertical run. */
export interface JointState extends CourseState {
  readonly settings: JointSettings;
  readonly members: Map<number, JointMember>;
  /** Rows that all parties have; none before they agree. */
  rows: number;
  testRows: number;
  /** Rows that all parties have given their columns of, to be predicted at the end. */
  toPredict: number;
  /** The step that ends the round. */
  roundEnd: number;
  /** Batches of test rows that are done, while the run evaluates; or of rows to predict. */
  batches: number;
  /** Parties that have sent their part of the next step or batch, or their bottom. */
  arrived: readonly number[];
  /** Parties whose parts the lane is working on; null while it is idle. */
  current: readonly number[] | null;
  /** Deadlines in a row at which the run could not go on. */
  silences: number;
  /** After a crash: the parties of a step whose first half was done before it. */
  owed: readonly number[] | null;
}

export interface JointMember extends CourseMember {
  readonly toPredict: number;
  /** Whether it has finished its part of the evaluation. */
  done: boolean;
}

export type JointInput =
  | CourseInput
  /** The matching of rows has made progress. */
  | { readonly kind: 'matching' }
  | { readonly kind: 'step-arrived'; readonly client: number }
  | { readonly kind: 'step-applied'; readonly samples: number }
  /** The active party left between the halves of a step, which was undone; the parts of `clients` still count. */
  | { readonly kind: 'step-undone'; readonly clients: readonly number[] }
  | { readonly kind: 'bottom-uploaded'; readonly client: number }
  | { readonly kind: 'queried'; readonly client: number; readonly batch: number }
  | { readonly kind: 'predicted' }
  | { readonly kind: 'evaluated'; readonly client: number }
  /** The model is the one that the run ends with. */
  | { readonly kind: 'recalled' };

export type JointEffect =
  | CourseEffect
  /** Take steps together, from `step` to the end of the round. */
  | {
      readonly kind: 'train';
      readonly round: number;
      readonly step: number;
      readonly steps: number;
      readonly clients: readonly number[];
    }
  /** Fuse what these parties have sent, with zeros for all others, and do the step. */
  | { readonly kind: 'apply'; readonly step: number; readonly clients: readonly number[] }
  | { readonly kind: 'begin-evaluation'; readonly round: number; readonly clients: readonly number[] }
  /** A party joins an evaluation that has begun. */
  | { readonly kind: 'evaluate'; readonly round: number; readonly client: number }
  /** Fuse what these parties have asked about a batch of test rows. */
  | { readonly kind: 'predict'; readonly batch: number; readonly clients: readonly number[] }
  /** Go back to the model that the run ends with. */
  | { readonly kind: 'recall' }
  /** Have these parties ask about their rows to predict. */
  | { readonly kind: 'begin-predicting'; readonly round: number; readonly clients: readonly number[] }
  /** So many rows to predict were answered, of so many. */
  | { readonly kind: 'tell-predicted'; readonly rows: number; readonly of: number }
  /** Refuse a party that claims other numbers of rows than most, before the run begins. */
  | { readonly kind: 'turn-away'; readonly client: number; readonly own: RowCounts; readonly run: RowCounts }
  /** Answer a late query without a prediction, so that the party goes on. */
  | { readonly kind: 'pass-over'; readonly client: number; readonly batch: number };

/** Before anybody has come. */
export function initialJoint(settings: JointSettings): JointState {
  return {
    settings,
    phase: 'gathering',
    failure: null,
    members: new Map(),
    rows: 0,
    testRows: 0,
    toPredict: 0,
    round: 0,
    placed: 0,
    steps: 0,
    roundEnd: 0,
    samples: 0,
    batches: 0,
    arrived: [],
    current: null,
    owed: null,
    silences: 0,
    earlyStopping: notEvaluated,
    lost: [],
  };
}

/** What a checkpoint has of a `JointState`: plain data, without the settings. */
export interface JointSnapshot extends Omit<
  JointState,
  'settings' | 'members' | 'current' | 'earlyStopping' | 'toPredict'
> {
  /** `JointState.earlyStopping`, under the name that it has in checkpoints. */
  readonly watch: JointState['earlyStopping'];
  readonly members: readonly MemberSnapshot[];
  /** None in what an older Tandem has written. */
  readonly toPredict?: number;
}

interface MemberSnapshot extends Omit<JointMember, 'toPredict'> {
  readonly toPredict?: number;
}

/** The state as it is now. Of a step that is half done, the active party's part counts as not arrived. */
export function snapshotJoint({ settings, members, current, earlyStopping, ...state }: JointState): JointSnapshot {
  const begun = (current ?? []).filter((party) => party !== activeOf(settings));
  return {
    ...state,
    watch: earlyStopping,
    placed: state.placed - Number(current !== null),
    members: [...members.values()].map((member) => ({ ...member })),
    arrived: [...state.arrived, ...begun],
    owed: current ?? state.owed,
  };
}

/** The state to go on from; a run that lost its parties waits for them as in the beginning. */
export function restoreJoint(settings: JointSettings, snapshot: JointSnapshot): JointState {
  const isLost = snapshot.failure?.code === 'NO_CLIENTS';
  const { members, watch, ...rest } = isLost ? { ...waitingAgain(snapshot), arrived: [], owed: null } : snapshot;
  const own = members.map((member) => [member.client, { ...member, toPredict: member.toPredict ?? 0 }] as const);
  const { toPredict = 0 } = snapshot;
  return { ...rest, toPredict, settings, members: new Map(own), current: null, earlyStopping: watch };
}

/** The number of the active party. */
export function activeOf({ parties }: Pick<JointSettings, 'parties'>): number {
  return parties - 1;
}

/** The name of the party in a place. */
export function partyName({ settings }: Pick<JointState, 'settings'>, place: number | null): string {
  return place === activeOf(settings) ? "'active'" : String(place ?? -1);
}

/** Whether the run fails without a party: zeros stand for passive ones only, and only once steps are taken. Who leaves after the training costs predictions alone. */
export function isNeeded({ settings, phase }: Pick<JointState, 'settings' | 'phase'>, party: number): boolean {
  if (phase === 'recalling' || phase === 'predicting' || phase === 'finished') return false;
  return settings.missing === 'wait' || phase === 'gathering' || party === activeOf(settings);
}
