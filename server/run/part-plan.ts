import type { RunSettings } from '../../shared/config.js';
import type { PlacedModel } from '../../shared/model/build.js';
import { segmentBytes } from '../../shared/model/bottom-payload.js';
import { countWeights } from '../../shared/model/count-weights.js';
import { bytesPerElement, sizeOf, type TensorSpec } from '../../shared/ndarray.js';
import type { PartBytes, PartPlan, Traffic } from '../../shared/run-card.js';
import { sendsOf } from '../../shared/sends-of.js';
import type { ClientPart } from './client-part.js';

/** What taking part costs a client that holds the usual. */
export function partPlan(
  part: Pick<ClientPart, 'definition' | 'rules'>,
  { cut, placement }: PlacedModel,
  settings: RunSettings,
): PartPlan {
  const { definition } = part;
  const { epochs, steps, roundSteps, evaluateEvery, batch, limit, pool, poolEvery } = settings;
  const handsOver = settings.schedule.bottoms === 'handed-over';
  const server = placement.server.at(-1);
  // Predictions of a vertical run go to its active party alone.
  const isToldNothing = server === undefined || definition.joint?.active === false;
  const answers = isToldNothing ? [] : (cut.specs[server]?.outputs ?? []);
  return {
    inputs: definition.segments[0]?.spec.inputs ?? [],
    labels: definition.labels,
    sends: sendsOf(definition),
    weights: countWeights(definition.segments),
    bytes: partBytes(part, answers, handsOver),
    batch,
    epochs: finite(epochs),
    steps: finite(steps),
    roundSteps: roundSteps ?? null,
    evaluateEvery: evaluateEvery ?? null,
    limit: limit ?? null,
    ...(pool === undefined ? {} : { pool: { epochs: pool, everyRounds: poolEvery ?? null } }),
  };
}

function partBytes(
  { definition, rules }: Pick<ClientPart, 'definition' | 'rules'>,
  answers: readonly TensorSpec[],
  handsOver: boolean,
): PartBytes {
  const { contract, gradients, whole } = rules;
  // A bottom that is handed over has its optimizer's state with it.
  const updates = handsOver ? 1 : null;
  const round = definition.segments.reduce(
    (sum, { spec, optimizer }) => sum + segmentBytes(spec, optimizer, updates),
    0,
  );
  if (whole) return { step: { up: 0, down: 0 }, test: { up: 0, down: 0 }, round };
  const learnsAlone = definition.segments.some(({ role }) => role === 'auxiliary');
  const upper = gradients ?? [];
  return {
    step: traffic(
      [...contract.tensors, ...contract.labels, ...upper],
      [...upper, ...(learnsAlone ? [] : contract.tensors)],
    ),
    test: traffic([...contract.tensors, ...contract.labels], gradients ?? answers),
    round,
  };
}

function traffic(up: readonly TensorSpec[], down: readonly TensorSpec[]): Traffic | null {
  if ([...up, ...down].some(({ shape }) => shape.includes(null))) return null;
  return { up: rowBytes(up), down: rowBytes(down) };
}

function rowBytes(specs: readonly TensorSpec[]): number {
  return specs.reduce((sum, { shape, dtype }) => sum + sizeOf(shape.map(Number)) * bytesPerElement[dtype], 0);
}

function finite(count: number): number | null {
  return Number.isFinite(count) ? count : null;
}
