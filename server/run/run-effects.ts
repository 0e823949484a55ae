import { crashPoint } from '../../shared/crash-point.js';
import type { RunEvent } from '../../shared/events.js';
import { TandemError } from '../../shared/errors.js';
import type { Checkpoints } from './checkpoints.js';
import type { Deadline } from './deadline.js';
import type { Places } from './places.js';
import { plannedSteps } from './plan-round.js';
import type { RunPieces } from './run-snapshot.js';
import type { RunEffect, RunInput, RunState } from './run-state.js';
import type { SharedSegments } from './shared-segments.js';
import type { Steps } from './steps.js';
import type { Stopwatch } from './stopwatch.js';

/** What the effects of a run's reducer work on. */
export interface EffectHost extends RunPieces {
  readonly run: RunState;
  readonly places: Places;
  readonly shared: SharedSegments;
  readonly steps: Steps;
  readonly deadline: Deadline;
  readonly training: Stopwatch;
  readonly checkpoints: Checkpoints | undefined;
  whenFree(work: () => Promise<void>): void;
  advance(input: RunInput): void;
  emit(event: RunEvent): void;
  finish(error: TandemError | null): void;
}

/** Performs what the reducer of a run asks for. */
export class RunEffects {
  constructor(private readonly host: EffectHost) {}

  perform(effect: RunEffect): void {
    switch (effect.kind) {
      case 'begin-turn':
        return this.beginTurn(effect);
      case 'apply':
        return this.apply(effect.client);
      case 'second-half':
        return this.host.steps.secondHalf(this.host.places.of(effect.client), effect.client);
      case 'undo':
        return this.host.steps.undo(this.host.places.of(effect.client), effect.client);
      case 'release':
        return this.host.places.of(effect.client)?.release(effect.round);
      case 'set-deadline':
        return this.host.deadline.set(effect.seconds);
      case 'merge':
        return this.merge(effect.round, effect.clients.length);
      case 'begin-evaluation':
        return this.evaluate(effect.round, effect.clients);
      case 'score':
        return this.score(effect.round);
      case 'keep-model':
        return this.host.whenFree(() => this.host.evaluations.keep());
      case 'finish':
        return this.host.finish(effect.error);
    }
  }

  private beginTurn({ round, work }: RunEffect & { kind: 'begin-turn' }): void {
    this.host.training.start();
    this.host.emit({
      kind: 'round-started',
      round,
      planned: plannedSteps(this.host.run.settings, this.host.run.members.values()),
    });
    for (const { client, steps } of work) {
      const party = this.host.places.of(client);
      if (!this.host.bottoms.keeps(client)) party?.send(this.host.bottoms.message(round, party.holding));
      party?.dispatch({ kind: 'train', round, steps, withOptimizer: this.host.bottoms.handsOverOptimizer });
    }
  }

  private merge(round: number, clients: number): void {
    this.host.whenFree(async () => {
      crashPoint('server.before-merge');
      const out = await this.host.shared.merge();
      crashPoint('server.after-merge');
      this.host.training.stop();
      this.host.emit({ kind: 'aggregated', round, clients: clients - out.length });
      for (const client of out) this.host.places.of(client)?.refuse(unusable(round));
      this.host.advance({ kind: 'merged' });
    });
  }

  private apply(client: number): void {
    const party = this.host.places.of(client);
    if (party) this.host.checkpoints?.order?.note(client, party.session);
    this.host.steps.take(party, client);
  }

  private evaluate(round: number, clients: readonly number[]): void {
    const members = [...this.host.run.members.values()];
    const samples = members.reduce((sum, member) => sum + member.testSamples, 0);
    this.host.evaluations.begin(round, clients, samples);
  }

  private score(round: number): void {
    this.host.whenFree(async () => {
      const { settings, steps, samples } = this.host.run;
      const { evaluations } = this.host;
      if (settings.watch) await evaluations.tell('last');
      const value = settings.watch ? evaluations.score(settings.watch, round, { steps, samples }) : null;
      this.host.advance({ kind: 'scored', value, better: settings.watch && evaluations.isBetter(settings.watch) });
    });
  }
}

function unusable(round: number): TandemError {
  const what = `what it sent up in round ${round} makes a model that nothing can be computed with, and was left out`;
  return new TandemError('BAD_VALUE', what, 'lower the learning rate or check the data');
}
