import type { Contract } from '../../shared/contract.js';
import { ndarray, type NdArray } from '../../shared/ndarray.js';
import { reduceSession } from '../../server/session/session-reducer.js';
import { initialSession, type SessionInput, type SessionState } from '../../server/session/session-state.js';
import { hello } from './hello.js';

/** A session in each of the states in which a message can find it. */
export function sessionStates(contract: Contract): SessionState[] {
  const step = {
    kind: 'received',
    message: { type: 'smashed', step: 1, tensors: zeros(contract.tensors), labels: zeros(contract.labels) },
  } as const;
  const greet: SessionInput = { kind: 'received', message: hello('train') };
  const joining: SessionInput[] = [greet, { kind: 'accepted', role: 'train' }];
  const waiting: SessionInput[] = [
    ...joining,
    { kind: 'received', message: { type: 'ready', samples: 7, testSamples: 3 } },
  ];
  const training: SessionInput[] = [...waiting, { kind: 'train', round: 0, steps: 2, withOptimizer: true }];
  const applied: SessionInput = { kind: 'applied', loss: 0.5, cutGradient: zeros(contract.tensors) };
  const courses: SessionInput[][] = [
    [],
    joining,
    waiting,
    training,
    [...training, step],
    [...training, step, applied],
    [...waiting, { kind: 'train', round: 0, steps: 1, withOptimizer: true }, step, applied],
    [...training, step, applied, { ...step, message: { ...step.message, step: 2 } }, applied],
    [...waiting, { kind: 'evaluate', round: 0, ahead: 3 }],
    [greet, { kind: 'accepted', role: 'infer' }],
  ];
  return courses.map((course) =>
    course.reduce((state, input) => reduceSession(state, input)[0], initialSession({ contract })),
  );
}

function zeros(specs: readonly { dtype: NdArray['dtype']; shape: readonly (number | null)[] }[]): NdArray[] {
  const kinds = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array };
  return specs.map(({ dtype, shape }) => {
    const full = [1, ...shape.map((length) => length ?? 1)];
    return ndarray(dtype, full, new kinds[dtype](full.reduce((size, length) => size * length, 1)));
  });
}
