import { participate, type JoinStep, type RunOutcome } from '../client/participate.js';
import { createHost } from '../server/create-host.js';
import type { RunResult } from '../server/run/summarise.js';
import { resolveRun } from '../shared/config.js';
import { runOptionsOf } from '../shared/run-fields.js';
import { dealData } from '../shared/data/partition.js';
import { Deferred } from '../shared/deferred.js';
import type { Engine } from '../shared/engine/engine.js';
import { TandemError } from '../shared/errors.js';
import { openNetwork } from '../simulator/network.js';
import type { SimulateOptions } from '../simulator/simulate.js';

export interface DropoutRunOptions extends SimulateOptions {
  readonly loadedEngine: Engine;
  /** Clients that stop after `silentAfter` of their steps and leave their sockets open. */
  readonly silent: readonly number[];
  readonly silentAfter: number;
  /** Clients that join when `lateAfterRounds` rounds are over. */
  readonly late: readonly number[];
  readonly lateAfterRounds: number;
}

type Steps = AsyncGenerator<JoinStep, RunOutcome>;

/** A run over real sockets that some clients drop out of and others join late. */
export async function runWithDropouts(options: DropoutRunOptions): Promise<RunResult> {
  const { task, data, loadedEngine: engine, silent, silentAfter, late, lateAfterRounds } = options;
  const settings = resolveRun(task, runOptionsOf(options));
  const underWay = new Deferred<true>();
  let rounds = 0;
  const run = await createHost({
    task,
    settings,
    engine,
    transport: 'websocket',
    onEvent: ({ kind }) => {
      if (kind === 'aggregated' && ++rounds === lateAfterRounds) underWay.resolve(true);
    },
  });
  const network = await openNetwork('websocket', run);
  const given: Steps[] = [];
  const clients = dealData(data, settings).map(async (part, index) => {
    if (late.includes(index)) await underWay.promise;
    const place = [index, settings.clients] as const;
    const steps = participate({ transport: await network.connect(), data: part, engine, place });
    if (!silent.includes(index)) for await (const _ of steps);
    else {
      given.push(steps);
      for (let step = 0; step < silentAfter; step++) await steps.next();
    }
  });
  try {
    await Promise.all(clients);
    return await run.finished;
  } finally {
    run.close(new TandemError('CANCELLED', 'the run is over'));
    await network.close();
    await Promise.allSettled(given.map((steps) => steps.return({} as RunOutcome)));
  }
}
