import { decodeCheckpoint, encodeCheckpoint } from '../../shared/checkpoint/format.js';
import type { Engine, Segment } from '../../shared/engine/engine.js';
import type { RunHost } from '../../server/run/run-host.js';
import type { Checkpoints } from '../../server/run/checkpoints.js';
import type { Mutant } from './crash.js';
import { asPlain } from './kept-store.js';

/** Holds links back when the checkpoint is read, which is after some has been told. */
function holdsLate(host: RunHost): void {
  const { checkpoints } = host;
  const read = host.snapshot.bind(host);
  if (!checkpoints) return;
  replace<Checkpoints>(checkpoints, { pause: () => replace<Checkpoints>(checkpoints, { wanted: true }) });
  host.snapshot = () => {
    for (const link of host.links.byId.values()) link.pauseSending('checkpoint');
    return read();
  };
}

/** Does not write down what comes of an input before anybody is told of it. */
function tellsFirst(kind: string): Mutant['server'] {
  return (host) => {
    const { checkpoints } = host;
    const advance = host.advance.bind(host);
    const commit = checkpoints?.commit.bind(checkpoints);
    host.advance = (input) => {
      if (checkpoints && commit) checkpoints.commit = input.kind === kind ? () => Promise.resolve() : commit;
      advance(input);
      if (checkpoints && commit) checkpoints.commit = commit;
    };
  };
}

/** Parts of it that are nobody else's, too. */
function replace<T extends object>(whole: T, parts: Readonly<Record<string, unknown>>): void {
  Object.assign(whole, parts);
}

/** The segment with the loss is updated as soon as its gradient is known, whatever becomes of the step. */
function updatesAtOnce(engine: Engine): Engine {
  return {
    ...engine,
    segment: async (options) => {
      const segment = await engine.segment(options);
      if (options.loss === undefined) return segment;
      const early = Object.create(segment) as Segment;
      early.backward = async (gradients) => {
        const made = await segment.backward.call(early, gradients);
        await segment.update.call(early);
        return made;
      };
      early.update = () => Promise.resolve();
      return early;
    },
  };
}

/** What is done a moment too early, or too late. */
export const lateMutants: Readonly<Record<string, Mutant>> = {
  'a server that writes its lanes down once the run has gone on': {
    points: ['server.after-save', 'server.after-settle', 'server.after-reply'],
    serverStore: (store, host) => ({
      ...asPlain(store),
      save: async (name, bytes) => {
        const run = (await decodeCheckpoint(bytes)) as object;
        const lanes = await host()?.lanes.snapshot();
        await store.save(name, lanes ? await encodeCheckpoint({ ...run, lanes }) : bytes);
      },
    }),
  },
  'a server that holds back too late what time has decided': {
    settings: ['splitfed-v1, a client comes back'],
    points: ['client.before-send', 'client.after-send'],
    times: [3, 7],
    server: holdsLate,
  },
  'a server that tells what a deadline decided before it has it written down': {
    settings: ['splitfed-v1, a client comes back', 'splitfed-v1, u-shaped, a client comes back'],
    points: ['client.before-send', 'client.after-send'],
    times: [9, 16],
    server: tellsFirst('deadline-passed'),
  },
  'a client that takes the half of a step again that it has learned from': {
    settings: ['splitfed-v1, u-shaped, a client comes back'],
    clientEngine: updatesAtOnce,
  },
};
