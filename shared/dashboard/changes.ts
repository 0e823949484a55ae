import type { Series } from './series.js';
import type { DashboardState } from './state.js';

/** What is sent to a page: everything once, then what has changed since the message before. */
export type WatchMessage =
  | { readonly kind: 'state'; readonly state: DashboardState }
  | { readonly kind: 'change'; readonly change: DashboardChange };

type Curve = 'loss' | 'flow';

export interface DashboardChange {
  /** Parts that have changed. */
  readonly set: Partial<DashboardState>;
  /** New points of curves that have only grown. */
  readonly grow: Partial<Readonly<Record<Curve, Growth>>>;
}

interface Growth {
  /** How long the curve was. */
  readonly from: number;
  readonly x: readonly number[];
  readonly columns: readonly (readonly number[])[];
  readonly pending: Series['pending'];
}

/** The difference between two states of a run. Parts are compared by identity: the reducer keeps those that do not change. */
export function changesBetween(before: DashboardState, after: DashboardState): DashboardChange {
  const set: Record<string, unknown> = {};
  const grow: Partial<Record<Curve, Growth>> = {};
  for (const name of Object.keys(after) as (keyof DashboardState)[]) {
    if (before[name] === after[name]) continue;
    const growth = name === 'loss' || name === 'flow' ? growthOf(before[name], after[name]) : undefined;
    if (growth) grow[name as Curve] = growth;
    else set[name] = after[name];
  }
  return { set, grow };
}

/** Undefined for a curve that was thinned out in between. */
function growthOf(before: Series, after: Series): Growth | undefined {
  if (after.stride !== before.stride) return undefined;
  const from = before.x.length;
  return {
    from,
    x: after.x.slice(from),
    columns: after.columns.map((column) => column.slice(from)),
    pending: after.pending,
  };
}

export function applyChange(state: DashboardState, { set, grow }: DashboardChange): DashboardState {
  const next = { ...state, ...set };
  return {
    ...next,
    ...(grow.loss ? { loss: grown(state.loss, grow.loss) } : {}),
    ...(grow.flow ? { flow: grown(state.flow, grow.flow) } : {}),
  };
}

function grown(series: Series, { from, x, columns, pending }: Growth): Series {
  return {
    stride: series.stride,
    x: [...series.x.slice(0, from), ...x],
    columns: series.columns.map((column, i) => [...column.slice(0, from), ...(columns[i] ?? [])]),
    pending,
  };
}
