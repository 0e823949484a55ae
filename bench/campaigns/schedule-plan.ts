import { initialSession as newClient, type SessionState } from '../../client/session-state.js';
import { initialRun } from '../../server/run/run-state.js';
import type { RunState } from '../../server/run/run-state.js';
import { noClaims } from '../../server/session/claims.js';
import { initialSession as newSession, type SessionState as Session } from '../../server/session/session-state.js';
import { int32, type NdArray } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { Rng } from '../../shared/rng.js';
import { findSchedule } from '../../shared/schedules.js';

export interface ServerState {
  readonly run: RunState;
  readonly sessions: readonly Session[];
  readonly waiting: readonly (Message<'smashed'> | null)[];
  readonly uploads: readonly (number | null)[];
  /** What the lane of a client whose step is answered is about to become. */
  readonly updates: readonly (number | null)[];
  /** What stands for the weights of each lane, and of the bottom between rounds. */
  readonly lanes: readonly number[];
  readonly bottom: number;
}

export interface ClientState {
  readonly session: SessionState;
  /** What stands for the weights of the bottom. */
  readonly bottom: number;
  readonly over: boolean;
}

const MOST_ROOM = 3;
const TENSOR = { name: 'cut', dtype: 'int32', shape: [1] } as const;
const contract = {
  tensors: [TENSOR],
  labels: [{ name: 'kind', dtype: 'int32', shape: [], min: 0, max: 1 }],
  maxRows: 1,
} as const;

/** The same for every order of what does not matter, another for every other. */
export const mix = (a: number, b: number) => (Math.imul(a ^ b, 0x9e3779b1) ^ (a >>> 13) ^ Math.imul(b, 0x85ebca6b)) | 0;
export const tensor = (value: number): NdArray => int32([1, 1], [value]);
export const valueOf = (tensors: readonly NdArray[]) => tensors[0]?.data[0] ?? 0;
export const toBytes = (value: number) => new Uint8Array(Int32Array.of(value).buffer);
export const fromPayload = (payload: Uint8Array) => new DataView(payload.buffer, payload.byteOffset).getInt32(0, true);

/** Of each client; one in a batch. */
export const TEST_SAMPLES = 3;

export interface Beginning {
  readonly server: ServerState;
  readonly clients: readonly ClientState[];
  /** Whether one lane takes all clients' steps. */
  readonly shared: boolean;
  /** How many messages of a session the send buffers of links have room for. */
  readonly room: number;
}

/** A server and clients that have been let in, and are yet to say that they are ready. */
export function drawBeginning(plan: Rng): Beginning {
  const count = 1 + plan.int(3);
  const schedule = findSchedule(['sequential', 'splitfed-v1', 'splitfed-v2', 'splitfed-v3'][plan.int(4)] ?? '');
  const shared = schedule.lanes === 'shared';
  const rounds = { batch: 1, epochs: 1, steps: Infinity, roundSteps: 1 + plan.int(3) };
  const rest = { participation: 1, staleness: 0, deadline: undefined, quorum: 1, schedule };
  const welcome = { type: 'welcome', batch: 1, clients: count } as unknown as Message<'welcome'>;
  const hello = { type: 'hello', role: 'train' } as unknown as Message<'hello'>;
  const session: SessionState = { ...newClient(hello), phase: 'waiting', welcome, queries: TEST_SAMPLES };
  const claims = { ...noClaims, testSamples: TEST_SAMPLES };
  const ids = Array.from({ length: count }, (_, i) => i);
  const server: ServerState = {
    run: initialRun({ clients: count, seed: plan.int(1_000), ...rounds, ...rest }),
    sessions: ids.map(() => ({ ...newSession({ contract }), phase: 'waiting', claims })),
    waiting: ids.map(() => null),
    uploads: ids.map(() => null),
    updates: ids.map(() => null),
    lanes: ids.map((id) => (shared ? 0 : id)),
    bottom: 7,
  };
  const clients = ids.map((id) => ({ session, bottom: id, over: false }));
  return { server, clients, shared, room: 1 + plan.int(MOST_ROOM) };
}
