import type * as tf from '@tensorflow/tfjs';
import { TandemError } from '../errors.js';
import { checkMetrics } from '../metrics/decide.js';
import { firstNonFinite } from '../ndarray.js';
import { cutsOf, type Task } from '../task.js';
import { findSchedule, isUndivided, type ScheduleChoice } from '../schedules.js';
import { findTopology, placeSegments, type Placement, type Topology, type TopologyChoice } from '../topologies.js';
import { buildAuxiliary, type Auxiliary } from './auxiliary.js';
import { checkedLabels, judgedBy, refuseAppliedTwice, refuseChances } from './check-labels.js';
import { takeModel } from './take-model.js';
import { cutModel, type CutModel } from './cut.js';
import type { Cut } from './parse-cuts.js';
import { weightKey } from './weights.js';
import { tryOut } from '../trial/try-out.js';
import { buildFurtherBottoms, type FurtherBottom } from './further-bottoms.js';

/** Builds a task's undivided model with the initial weights this seed gives. */
export function buildModel(task: Task, seed: number): Promise<tf.LayersModel> {
  return takeModel(`model of task '${task.name}'`, ['weights', seed], task.model, task.copies);
}

/** Builds a task's model and cuts it, by default where the task says; the undivided model is freed. Throws
 * BAD_OPTION for a metric, a label or a loss that does not suit the model. */
export async function buildSegments(task: Task, seed: number, cuts: readonly Cut[] = cutsOf(task)): Promise<CutModel> {
  const model = await buildModel(task, seed);
  try {
    const cut = cutModel(model, cuts);
    const outputs = cut.specs.at(-1)?.outputs ?? [];
    refuseNonFinite(cut);
    refuseAppliedTwice(task, model);
    checkedLabels(task, outputs);
    const judged = judgedBy(task, outputs);
    checkMetrics(task.metrics, judged);
    refuseChances(task, model, judged);
    await tryOut(task, model, cut);
    return cut;
  } finally {
    model.dispose();
  }
}

/** Weights that are loaded may hold anything; clients would refuse them, one by one. */
function refuseNonFinite({ specs, weights }: CutModel): void {
  specs.forEach((spec, index) => {
    spec.weights.forEach((weight, i) => {
      const values = weights[index]?.[i];
      const bad = values ? firstNonFinite(values) : -1;
      if (bad < 0) return;
      const what = `weight ${weightKey(weight)} of the model holds ${values?.data[bad] ?? NaN} at ${bad}`;
      throw new TandemError('BAD_MODEL', what, 'load or make weights that are numbers');
    });
  });
}

/** A task's model, cut and placed. */
export interface PlacedModel {
  readonly cut: CutModel;
  readonly placement: Placement;
  /** Where clients learn from a loss of their own. */
  readonly auxiliary?: Auxiliary;
  /** What clients may hold instead of the first segment. */
  readonly bottoms: readonly FurtherBottom[];
}

/**
 * A task's model, cut and placed as a topology says; undivided at the clients, or with a head of their own, where the
 * schedule, if one is given, asks for it. Throws BAD_OPTION when the task has too few cuts, or a loss that cannot be where it is needed.
 */
export async function buildPlaced(
  task: Task,
  {
    seed,
    topology,
    schedule,
  }: { readonly seed: number; readonly topology: TopologyChoice; readonly schedule?: ScheduleChoice },
): Promise<PlacedModel> {
  const placing = findTopology(topology);
  if (schedule === undefined) return buildDivided(task, seed, placing);
  const row = findSchedule(schedule);
  if (isUndivided(row)) {
    refuseOwnLoss(task, `schedule '${row.name}'`, 'use a named loss, or another --schedule');
    return {
      cut: await buildSegments(task, seed, []),
      placement: { client: [0], relayed: 0, server: [], loss: 'client' },
      bottoms: [],
    };
  }
  const placed = await buildDivided(task, seed, placing);
  if (!row.auxiliary) return placed;
  refuseOwnLoss(task, `schedule '${row.name}'`, 'use a named loss, or another --schedule');
  const { specs } = placed.cut;
  const [bottom, top] = [specs[0], specs.at(-1)];
  return bottom && top ? { ...placed, auxiliary: await buildAuxiliary(task, bottom, top, seed) } : placed;
}

async function buildDivided(task: Task, seed: number, topology: Topology): Promise<PlacedModel> {
  const { name } = topology;
  const cuts = cutsOf(task, name);
  if (cuts.length < topology.leastCuts) {
    const model = await buildModel(task, seed);
    const upper = model.layers.at(-2)?.name ?? 'upper';
    model.dispose();
    throw new TandemError(
      'BAD_OPTION',
      `topology '${name}' needs ${topology.leastCuts} cuts, task '${task.name}' has ${cuts.length}`,
      `give them from the bottom up, such as --cut ${task.cut},${upper}, or write cuts: { '${name}': ... } in the task`,
    );
  }
  const cut = await buildSegments(task, seed, cuts);
  const placement = placeSegments(topology, cut.specs.length);
  if (placement.loss === 'client') refuseOwnLoss(task, `topology '${name}'`, 'use a named loss, or --topology vanilla');
  const [own] = cut.specs;
  // Where each party has features of its own, it has a bottom of its own anyway.
  const bottoms = own && topology.data === 'rows' ? await buildFurtherBottoms(task, seed, own) : [];
  return { cut, placement, bottoms };
}

function refuseOwnLoss(task: Task, what: string, action: string): void {
  if (typeof task.loss !== 'function') return;
  const why = 'computes the loss at the clients, and a loss of your own cannot be sent to them';
  throw new TandemError('BAD_OPTION', `${what} ${why}`, action);
}
