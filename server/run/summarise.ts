import type { RunSettings } from '../../shared/config.js';
import type { ClientAccount, RunSummary } from '../../shared/events.js';
import { meanScores, type Scores } from '../../shared/model/metrics.js';
import { addBytes, noBytes } from '../../shared/protocol/byte-meter.js';

/** What a run knows at its end. */
export interface RunFacts {
  readonly task: string;
  readonly settings: RunSettings;
  /** `websocket`, `loopback` or `none`. */
  readonly transport: string;
  readonly engine: string;
  readonly steps: number;
  readonly samples: number;
  readonly seconds: number;
  readonly scores: Scores;
  readonly clients: readonly ClientAccount[];
  readonly weightsHash: string;
}

export function summarise(facts: RunFacts): RunSummary {
  const { task, settings, transport, engine, steps, samples, seconds, clients, weightsHash } = facts;
  const { loss, metrics } = meanScores(facts.scores);
  return {
    task,
    topology: settings.topology,
    schedule: settings.schedule,
    transport,
    engine,
    clients: settings.clients,
    seed: settings.seed,
    steps,
    samples,
    seconds,
    samplesPerSecond: seconds > 0 ? samples / seconds : 0,
    testAccuracy: metrics.accuracy ?? null,
    testLoss: loss,
    bytes: clients.reduce((sum, { bytes }) => addBytes(sum, bytes), noBytes),
    weightsHash,
  };
}
