import { Deferred } from '../../shared/deferred.js';
import { TandemError } from '../../shared/errors.js';
import { sayDeparture, type Departure, type RunEvent } from '../../shared/events.js';
import { buildPlaced } from '../../shared/model/build.js';
import { judging } from '../../shared/model/judging.js';
import type { CutModel } from '../../shared/model/cut.js';
import { plainLine } from '../../shared/plain-line.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { Placement } from '../../shared/topologies.js';
import type { Transport } from '../../shared/transport/transport.js';
import type { Host } from '../host.js';
import { Lane } from '../lane.js';
import { letIn, welcome } from '../run/admission.js';
import { Deadline } from '../run/deadline.js';
import { lossOf } from '../run/lost-clients.js';
import { Places } from '../run/places.js';
import type { RunHostOptions } from '../run/run-host-options.js';
import type { RunResult } from '../run/summarise.js';
import { WorkQueue } from '../run/work-queue.js';
import { Sessions } from '../session/sessions.js';
import { Party, type PartyHandlers } from '../session/party.js';
import type { StepRequest } from '../session/session-state.js';
import { FusedTensors } from './fused-tensors.js';
import { checkCounts, partyAmong, refuseLateness } from './joint-admission.js';
import { JointEvaluation } from './joint-evaluation.js';
import { initialJoint, plannedJoint, reduceJoint, rowsOfBatch, rowsOfStep } from './joint-reducer.js';
import { activeOf, isNeeded, partyName, type JointEffect, type JointInput } from './joint-state.js';
import { checkRows, JointSteps } from './joint-steps.js';
import { PartyBottoms } from './party-bottoms.js';
import { PartyOrders } from './party-orders.js';
import { largestOf, partyParts, type PartyPart } from './party-parts.js';
import { RowMatching } from './row-matching.js';
import { verticalResult } from './vertical-result.js';

/** The shell around a vertical run, as server/run/run-host.ts is around others. */
export class VerticalHost implements PartyHandlers, Host {
  readonly maxMessageBytes: number;
  readonly id = crypto.randomUUID();
  private readonly parties = new Set<Party>();
  private readonly places = new Places();
  private readonly bottoms: PartyBottoms;
  private readonly orders: PartyOrders;
  private readonly steps: JointSteps;
  private readonly evaluation: JointEvaluation;
  private readonly deadline: Deadline;
  /** Undefined where the parties' rows are in order already. */
  private readonly rows: RowMatching | undefined;
  private readonly outcome = new Deferred<RunResult>();
  private readonly work = new WorkQueue();
  readonly takeIn = (_party: Party, intake: () => void) => this.work.takeIn(0, intake);
  private readonly sessions: Sessions;
  private run;
  private closed = false;
  private failed = false;
  private startedMs = 0;
  private trainedMs = 0;

  private constructor(
    private readonly options: RunHostOptions,
    private readonly cut: CutModel,
    private readonly placement: Placement,
    private readonly parts: readonly PartyPart[],
    private readonly lane: Lane,
  ) {
    const { task, settings, clock } = options;
    this.run = initialJoint({ ...settings, parties: settings.clients });
    this.maxMessageBytes = largestOf(parts);
    this.bottoms = new PartyBottoms(parts);
    this.orders = new PartyOrders(this.places, this.bottoms);
    this.deadline = new Deadline(
      clock,
      () => void this.work.takeIn(0, () => this.advance({ kind: 'deadline-passed' })),
    );
    this.sessions = new Sessions({ ...options, graceSeconds: options.graceSeconds ?? 0 });
    const outcome = { emit: this.emit, failed: this.fail, cameOn: () => this.advance({ kind: 'matching' }) };
    if (!settings.aligned) this.rows = RowMatching.among(this.places, settings.clients, this.maxMessageBytes, outcome);
    const outputs = parts.map((part) => part.outputs);
    const { kind, said } = judging(task, cut, placement.loss);
    this.emit(said);
    const tensors = new FusedTensors(cut.specs[0]?.outputs ?? [], outputs);
    const host = {
      whenFree: (work: () => Promise<void>) => this.whenFree(work),
      party: (place: number) => this.places.of(place),
      active: activeOf(this.run.settings),
    };
    this.steps = new JointSteps(lane, tensors, placement.loss === 'client', {
      ...host,
      applied: (samples, loss, gradientNorm) => {
        this.advance({ kind: 'step-applied', samples });
        this.emit({ kind: 'step', step: this.run.step, client: host.active, loss, samples, gradientNorm });
      },
      undone: (left) => this.advance({ kind: 'step-undone', parties: left }),
    });
    this.evaluation = new JointEvaluation(task.metrics, kind, lane, tensors, {
      ...host,
      emit: this.emit,
      predicted: () => this.advance({ kind: 'predicted' }),
    });
  }

  get finished(): Promise<RunResult> {
    return this.outcome.promise;
  }

  /** Builds, cuts and splits the task's model. Throws BAD_CUT, BAD_OPTION and the like before anything listens. */
  static async create(options: RunHostOptions): Promise<VerticalHost> {
    const { task, settings, engine } = options;
    const { cut, placement } = await buildPlaced(task, settings);
    const parts = await partyParts(task, cut, placement, settings);
    const lane = await Lane.create({ ...settings, task, cut, held: placement.server, engine });
    return new VerticalHost(options, cut, placement, parts, lane);
  }

  async accept(transport: Transport): Promise<void> {
    // What is expected of it depends on which party it is, which it says first.
    const party = new Party(this.sessions.open(transport), { contract: { tensors: [], labels: [], maxRows: 1 } }, this);
    this.parties.add(party);
    await party.listen();
    this.sessions.forget(party.session);
    this.parties.delete(party);
  }

  close(error: TandemError): void {
    if (this.closed) return;
    this.closed = true;
    this.fail(error);
    for (const party of this.parties) party.refuse(error);
    void this.work.idle().then(() => this.lane.dispose());
  }

  admit(party: Party, hello: Message<'hello'>): void {
    const { task, settings } = this.options;
    party.attempt(() => {
      refuseLateness(this.run.phase === 'finished', this.rows?.begun ?? false);
      const place = partyAmong(hello, settings.clients, this.places);
      const part = this.parts[place];
      if (!part) return;
      party.client = place;
      party.engine = plainLine(hello.engine);
      const grace = hello.resumes ? this.sessions.graceSeconds : 0;
      letIn(party, welcome(this.id, task.name, settings, place, grace, hello), 'train', part, this.sessions);
      if (party.phase === 'closed') return;
      this.places.take(place, party);
      this.bottoms.arrive(place);
      if (this.places.taken.size === settings.clients) this.rows?.begin();
    });
  }

  matching(party: Party, message: Message<'points' | 'aligned'>): void {
    if (this.rows && party.client !== null) this.rows.receive(party.client, message);
    else party.refuse(new TandemError('BAD_STATE', `'${message.type}' came, and rows are in order already`));
  }

  ready(party: Party, { samples, testSamples, software = null }: Message<'ready'>): void {
    const client = party.client ?? -1;
    party.attempt(() => {
      this.rows?.expectMatched(client);
      const others = this.run.members.some((member) => member.party !== client);
      if (others) checkCounts({ samples, testSamples }, this.run, partyName(this.run, client));
      this.emit({ kind: 'client-joined', client, samples, engine: party.engine, software });
      this.advance({ kind: 'joined', party: client, samples, testSamples });
    });
  }

  step(party: Party, message: StepRequest, rows: number): void {
    party.attempt(() => {
      const what = `the part of party ${partyName(this.run, party.client)} of step ${message.step}`;
      checkRows(rows, rowsOfStep(this.run, message.step), what);
      party.waiting = { message, rows };
      this.advance({ kind: 'step-arrived', party: party.client ?? -1 });
    });
  }

  gradient(_party: Party, message: Message<'topGradient'>): void {
    this.steps.gradient(message);
  }

  bottom(party: Party, message: Message<'bottom'>): void {
    const client = party.client ?? -1;
    party.attempt(() => {
      this.bottoms.take(client, message);
      this.advance({ kind: 'bottom-uploaded', party: client });
    });
  }

  query(party: Party, message: Message<'query'>): void {
    party.attempt(() => {
      const client = party.client ?? -1;
      const rows = (message.tensors[0] ?? message.labels[0])?.shape[0] ?? 0;
      const what = `the part of party ${partyName(this.run, client)} of test batch ${message.id}`;
      checkRows(rows, rowsOfBatch(this.run, message.id), what);
      this.evaluation.keep(client, message, this.run.batches + Number(this.run.busy));
      this.advance({ kind: 'queried', party: client, batch: message.id });
    });
  }

  evaluated(party: Party, message: Message<'evaluated'>): void {
    this.evaluation.report(message);
    this.advance({ kind: 'evaluated', party: party.client ?? -1 });
  }

  refused({ client }: Party, { code, message: reason }: TandemError): void {
    this.emit({ kind: 'refused', client, code, reason });
  }

  left(party: Party, why: Departure): void {
    this.parties.delete(party);
    const { client } = party;
    if (client === null || this.run.phase === 'finished') return;
    if (this.run.phase === 'gathering') this.places.forget(client);
    this.emit({ kind: 'client-left', client, ...why });
    this.rows?.left(client, sayDeparture(why));
    this.advance({ kind: 'left', party: client, loss: lossOf(client, why, party.steps) });
    this.steps.left(client);
    // Its rows were matched with those of the others, and nobody else's would be.
    if (this.rows?.begun && isNeeded(this.run, client))
      this.fail(new TandemError('NO_CLIENTS', `party ${partyName(this.run, client)} ${sayDeparture(why)}`));
  }

  private advance(input: JointInput): void {
    const [state, effects] = reduceJoint(this.run, input);
    this.run = state;
    effects.forEach((effect) => this.perform(effect));
  }

  private perform(effect: JointEffect): void {
    switch (effect.kind) {
      case 'train':
        this.startedMs ||= performance.now();
        if (effect.parties.length > 1) {
          this.emit({ kind: 'round-started', round: effect.round, planned: plannedJoint(this.run) });
        }
        this.orders.train(effect);
        break;
      case 'apply':
        this.steps.take({ ...effect, rows: rowsOfStep(this.run, effect.step) });
        break;
      case 'release':
        this.orders.release(effect);
        break;
      case 'set-deadline':
        this.deadline.set(effect.seconds);
        break;
      case 'merge':
        this.trainedMs = performance.now();
        this.emit({ kind: 'aggregated', round: effect.round, clients: effect.parties.length });
        this.advance({ kind: 'merged' });
        break;
      case 'begin-evaluation':
        if (effect.parties.length > 1) this.emit({ kind: 'evaluating', samples: this.run.testSamples });
        this.orders.evaluate(effect);
        break;
      case 'predict':
        this.evaluation.take(effect.batch, effect.parties, rowsOfBatch(this.run, effect.batch));
        break;
      case 'pass-over':
        this.evaluation.passOver(effect.party, effect.batch);
        break;
      case 'finish':
        this.deadline.cancel();
        if (effect.error) this.fail(effect.error);
        else this.whenFree(() => this.announce());
        break;
    }
  }

  private async announce(): Promise<void> {
    const { step: steps, seen: samples } = this.run;
    const members = [...this.parties].filter(({ client }) => client !== null);
    for (const party of members) {
      party.send({ type: 'finished', steps, samples, ...this.evaluation.means });
      party.close();
    }
    // Who has lost its link may come back for the end.
    await this.sessions.allGone(members);
    const seconds = (this.trainedMs - this.startedMs) / 1000;
    const ended = { scores: this.evaluation.scores, clients: this.places.accounts, lost: this.run.lost };
    const course = { steps, samples, seconds, ...ended };
    const held = { bottoms: this.bottoms, cut: this.cut, placement: this.placement, lane: await this.lane.weights() };
    this.outcome.resolve(await verticalResult(this.options, course, held));
  }

  /** One thing at a time on the lane. What goes wrong there has been checked for each party, so it ends the run for all. */
  private whenFree(work: () => Promise<void>): void {
    this.work.add(0, work, this.fail);
  }

  /** All are told what ended the run, and not that the others were told so first. */
  private readonly fail = (error: TandemError): void => {
    if (this.failed) return;
    this.failed = true;
    this.deadline.cancel();
    this.outcome.reject(error);
    this.parties.forEach((party) => party.refuse(error));
  };

  readonly emit = (event: RunEvent): void => this.options.onEvent?.(event);
}
