import type { CheckpointStore } from '../../shared/checkpoint/checkpoint-store.js';
import { decodeCheckpoint, encodeCheckpoint } from '../../shared/checkpoint/format.js';
import type { Delivery } from '../../shared/session/delivery.js';
import type { SegmentState } from '../../shared/engine/engine.js';
import type { ClientSnapshot } from '../../client/checkpoints.js';
import type { RunSnapshot } from '../../server/run/run-snapshot.js';
import type { Mutant } from './crash.js';
import { asPlain } from './kept-store.js';
import { lateMutants } from './late-mutants.js';

type Change<T> = (snapshot: T) => T;

/** A store whose checkpoints are changed on the way in. */
function changed<T>(store: CheckpointStore, change: Change<T>): CheckpointStore {
  return {
    ...asPlain(store),
    save: async (name, bytes) => store.save(name, await encodeCheckpoint(change((await decodeCheckpoint(bytes)) as T))),
  };
}

/** A store that says it has saved what it will write down two checkpoints later. */
function late(store: CheckpointStore): CheckpointStore {
  const waiting: Uint8Array[] = [];
  return {
    ...asPlain(store),
    save: async (name, bytes) => {
      waiting.push(bytes);
      const first = waiting.length > 2 ? waiting.shift() : undefined;
      if (first) await store.save(name, first);
    },
  };
}

/** A store that never goes back further than to the newest checkpoint. */
function newestOnly(store: CheckpointStore): CheckpointStore {
  return {
    ...asPlain(store),
    load: (name, open) => {
      let tried = false;
      return store.load(name, async (bytes) => {
        if (tried) throw new Error('only the newest is looked at');
        tried = true;
        return open(bytes);
      });
    },
  };
}

const inParties = (change: Change<Delivery>): Mutant['serverStore'] => {
  return (store) =>
    changed<RunSnapshot>(store, (run) => ({
      ...run,
      parties: run.parties.map((party) => ({ ...party, delivery: change(party.delivery) })),
    }));
};

const withoutMoments = (state: SegmentState): SegmentState => ({
  ...state,
  optimizer: {
    ...state.optimizer,
    slots: state.optimizer.slots.map((slots) => slots.map((slot) => slot.map(() => 0))),
  },
});

/** Bugs that one could have made; each must be found. */
const mutants: Readonly<Record<string, Mutant>> = {
  'a server that takes the last message before a checkpoint again after it': {
    serverStore: inParties((delivery) => ({ ...delivery, received: Math.max(0, delivery.received - 1) })),
  },
  'a server that does not write replies down': {
    serverStore: inParties((delivery) => ({ ...delivery, kept: [] })),
  },
  'a client that does not write requests down': {
    // Elsewhere a checkpoint seldom holds a request, and where one does it shows right after it.
    settings: ['local-loss'],
    points: ['client.after-save', 'client.after-settle'],
    clientStore: (store) =>
      changed<ClientSnapshot>(store, (client) => ({ ...client, delivery: { ...client.delivery, kept: [] } })),
  },
  'a server that settles before it has saved': { serverStore: late },
  'a client that settles before it has saved': { clientStore: late },
  'a client that does not go back to the checkpoint before': { clientStore: newestOnly },
  'a server that forgets moments': {
    serverStore: (store) =>
      changed<RunSnapshot>(store, (run) => ({
        ...run,
        lanes: {
          ...run.lanes,
          lanes: run.lanes.lanes.map((lane) => ({ ...lane, segments: lane.segments.map(withoutMoments) })),
        },
      })),
  },
  'a server that forgets the order of steps': {
    settings: ['async'],
    serverStore: (store) => ({
      ...asPlain(store),
      save: (name, bytes) => (name === 'order' ? Promise.resolve() : store.save(name, bytes)),
    }),
  },
  'a side that sends again without waiting for room': { hidesRoom: true },
  'a client that forgets moments': {
    settings: ['splitfed-v2', 'fedavg, batch normalisation', 'local-loss'],
    clientStore: (store) =>
      changed<ClientSnapshot>(store, (client) => ({
        ...client,
        segments: client.segments?.map(withoutMoments) ?? null,
      })),
  },
};

/** Each with the settings in which it is looked for. */
export const planted = Object.entries({ ...mutants, ...lateMutants }).flatMap(([name, mutant]) =>
  (mutant.settings ?? ['splitfed-v2']).map((setting) => [name, setting, mutant] as const),
);
