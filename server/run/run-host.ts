import { crashPoint } from '../../shared/crash-point.js';
import { asTandemError, type TandemError } from '../../shared/errors.js';
import type { Departure, RunEvent } from '../../shared/events.js';
import { plainLine } from '../../shared/plain-line.js';
import type { Message } from '../../shared/protocol/messages.js';
import { recordSettings } from '../../shared/settings-record.js';
import type { Transport } from '../../shared/transport/transport.js';
import type { Host } from '../host.js';
import { USUAL } from '../../shared/ndarray.js';
import { unusable } from '../lane/whose-fault.js';
import { RunSessions } from '../session/run-sessions.js';
import type { ClientSession, SessionOwner } from '../session/client-session.js';
import { aboutRun } from './about-run.js';
import { letIn, welcome } from './admission.js';
import { Checkpoints, loadRun, type CheckpointHost } from './checkpoints.js';
import type { Course, CourseEffect, CourseHost, CourseInput, CourseState } from './course.js';
import { Deadline } from './deadline.js';
import { canBeWaitedOut, errorOf } from './failure.js';
import { lossOf } from './lost-clients.js';
import { Places } from './places.js';
import { resumedEvent } from './resumed-event.js';
import { RunEnd, type EndingHost } from './run-end.js';
import type { RunHostOptions } from './run-host-options.js';
import { checkSame, type WrittenRun } from './run-snapshot.js';
import { Stopwatch } from './stopwatch.js';
import { trainedWeights, type TestedModel } from './trained-model.js';

/** Hosts a run: lets clients in, gives events to its course, performs effects, writes checkpoints and ends the run. */
export class RunHost implements Host, SessionOwner, CourseHost, CheckpointHost, EndingHost {
  id: string = crypto.randomUUID();
  readonly places = new Places();
  readonly course: Course;
  readonly about;
  readonly maxMessageBytes;
  readonly sessions: RunSessions;
  training = new Stopwatch();
  readonly checkpoints: Checkpoints | undefined;
  readonly deadline: Deadline;
  private readonly end: RunEnd;

  private constructor(
    private readonly options: RunHostOptions,
    make: (host: CourseHost) => Course,
  ) {
    this.course = make(this);
    this.maxMessageBytes = this.course.maxMessageBytes;
    this.about = aboutRun(this.course, this.places, options.settings.clients);
    this.sessions = new RunSessions(options, this.places, this, this.course);
    // Queued behind messages that have arrived, so that their clients do not count as silent.
    const passed = () => this.work.takeIn(() => this.advance({ kind: 'deadline-passed' }));
    this.deadline = new Deadline(options.clock, passed);
    this.end = new RunEnd(this, options);
    if (options.checkpoints) this.checkpoints = new Checkpoints(options.checkpoints, this, this.course.order);
    this.work.rest = {
      isDue: () => this.checkpoints?.isDue ?? false,
      take: () => this.checkpoints?.take() ?? Promise.resolve(),
      failed: (error) => this.failed(error),
    };
  }

  /** A run that begins, or goes on from its checkpoint. */
  static async create(options: RunHostOptions, make: (host: CourseHost) => Course): Promise<RunHost> {
    const host = new RunHost(options, make);
    const snapshot = options.checkpoints && (await loadRun(options.checkpoints.store));
    if (snapshot) await host.goOn(snapshot as WrittenRun);
    return host;
  }

  get run(): CourseState {
    return this.course.state;
  }

  get lanes() {
    return this.course.lanes;
  }

  get work() {
    return this.lanes.work;
  }

  get links() {
    return this.sessions.links;
  }

  get maxQueryBytes(): number | undefined {
    return this.course.maxQueryBytes;
  }

  get finished() {
    return this.end.result;
  }

  accept(transport: Transport): Promise<void> {
    return this.sessions.accept(transport);
  }

  close(error: TandemError): void {
    this.end.close(error);
  }

  drain(seconds: number, address: string | null): Promise<void> {
    return this.end.drain(seconds, address);
  }

  admit(session: ClientSession, hello: Message<'hello'>): void {
    const refusal = this.options.turnsAway?.(hello);
    if (refusal) return session.refuse(refusal);
    const { task, settings } = this.options;
    let given;
    try {
      given = this.course.place(session, hello);
    } catch (error) {
      return session.refuse(asTandemError(error));
    }
    const { client } = session;
    const grace = hello.resumes && client !== null ? this.links.graceSeconds : 0;
    const message = welcome(this.id, task.name, settings, client ?? 0, grace, hello);
    letIn(session, message, hello.role, given, this.links, this.checkpoints && 0);
    // The client may have left before its welcome; a place would wait for it for ever.
    if (session.phase === 'closed') return;
    if (client !== null) {
      session.engine = plainLine(hello.engine);
      session.intakes = this.course.intakesOf(client);
      this.places.take(client, session);
    }
    this.course.admitted(session);
  }

  ready(session: ClientSession, message: Message<'ready'>): void {
    const client = session.client ?? -1;
    session.attempt(() => this.course.checkReady(client, message));
    if (session.phase === 'closed') return;
    const { samples, testSamples, software = null } = message;
    const toPredict = message.toPredict ?? 0;
    this.emit({ kind: 'client-joined', client, samples, engine: session.engine, software });
    this.advance({ kind: 'joined', client, samples, testSamples, toPredict });
  }

  refused(session: ClientSession, { code, message }: TandemError): void {
    this.emit({ kind: 'refused', client: session.client, code, reason: message });
  }

  left(session: ClientSession, why: Departure): Promise<void> | void {
    this.sessions.remove(session);
    const { client } = session;
    if (client === null || this.run.phase === 'finished') return;
    if (this.run.phase === 'gathering') {
      this.places.forget(client);
      this.course.forget(client);
    }
    this.emit({ kind: 'client-left', client, ...why });
    // Clients that a stopping server sends away have not left the run.
    if (this.end.over) return;
    const written = this.takeIn({ kind: 'left', client, loss: lossOf(client, why, session.steps) });
    this.course.left(session, client, why);
    return written;
  }

  async snapshot(): Promise<WrittenRun> {
    const { id, options, training } = this;
    const { task, settings } = options;
    const run = { id, task: task.name, settings: recordSettings(settings), seconds: training.seconds };
    const sessions = this.sessions.snapshot();
    const left = this.places.accounts.filter(({ client }) => !sessions.some((session) => session.client === client));
    const about = { ...run, parties: sessions, left };
    // Sessions are read first, at once: they may change while lanes are read.
    return { ...about, ...(await this.course.snapshot()) };
  }

  written(snapshot: WrittenRun): void {
    this.course.written?.(snapshot);
  }

  failed(error: TandemError): void {
    this.advance({ kind: 'failed', error });
  }

  /** Gives the course an event. An error in it fails the run, not the client whose message it was. */
  advance(input: CourseInput): void {
    void this.takeIn(input);
  }

  /** Resolves when a decision that depends on time is in a checkpoint. */
  private takeIn(input: CourseInput): Promise<void> | undefined {
    const before = this.run.phase;
    let written: Promise<void> | undefined;
    try {
      const effects = this.course.advance(input);
      if (this.dependsOnTime(input, before)) written = this.checkpoints?.commit();
      effects.forEach((effect) => this.course.perform(effect));
    } catch (error) {
      if (input.kind === 'failed') throw error;
      this.failed(asTandemError(error));
    }
    return written;
  }

  /** A restart would not repeat when clients came and left, or which ones a deadline dropped. */
  private dependsOnTime({ kind }: CourseInput, before: CourseState['phase']): boolean {
    if (kind === 'left') return before !== 'gathering';
    return (kind === 'joined' || kind === 'deadline-passed') && this.run.phase !== 'gathering';
  }

  /** Performs the effects that all courses share. */
  perform(effect: CourseEffect): void {
    switch (effect.kind) {
      case 'set-deadline':
        return this.deadline.set(effect.seconds);
      case 'caught-up':
        return void this.checkpoints?.commit();
      case 'release':
        return this.places.of(effect.client)?.release(effect.round);
      case 'merge':
        return this.work.add(() => this.merge(effect.round, effect.clients.length));
      case 'score':
        return this.work.add(() => this.score(effect.round));
      case 'keep-model':
        return this.work.add(async () => {
          await this.course.evaluations.keep();
          await this.tell('best');
        });
      case 'finish':
        return this.finish(effect.error);
    }
  }

  emit(event: RunEvent): void {
    this.options.onEvent?.(event);
  }

  /** Goes on from a checkpoint; its clients are expected back. */
  private async goOn(written: WrittenRun): Promise<void> {
    const { task, settings } = this.options;
    checkSame(written, task.name, settings);
    this.id = written.id;
    const replay = (await this.course.order?.goOn(written)) ?? [];
    await this.course.restore(written, replay);
    this.training = new Stopwatch(written.seconds);
    const restored = this.sessions.restore(canBeWaitedOut(written) ? [] : written.parties);
    this.places.recall(written.left ?? []);
    restored.forEach((session) => this.course.back?.(session));
    this.emit(resumedEvent(this.course, this.places.accounts));
    if (this.run.phase === 'training') this.training.start();
    this.advance({ kind: 'resumed' });
    if (this.run.failure) this.finish(errorOf(this.run.failure));
    else if (this.run.phase === 'finished') await this.end.conclude();
  }

  private async merge(round: number, clients: number): Promise<void> {
    crashPoint('server.before-merge');
    const out = await this.course.merge();
    crashPoint('server.after-merge');
    this.training.stop();
    this.emit({ kind: 'aggregated', round, clients: clients - out.length });
    for (const client of out) this.leaveOut(client, round);
    this.advance({ kind: 'merged' });
  }

  /** Refuses a client whose upload was not usable, unless that may come of unusual values it was given. */
  private leaveOut(client: number, round: number): void {
    const session = this.places.of(client);
    const error = unusable(round);
    if (session && session.given <= USUAL) return session.refuse(error);
    this.emit({ kind: 'mended', client, round, what: `${error.message}; it was given unusual values, and stays` });
  }

  private async score(round: number): Promise<void> {
    const { settings, steps, samples } = this.run;
    const { evaluations } = this.course;
    if (settings.earlyStopping) await this.tell('last');
    const value = settings.earlyStopping ? evaluations.score(settings.earlyStopping, round, { steps, samples }) : null;
    this.advance({
      kind: 'scored',
      value,
      better: settings.earlyStopping && evaluations.isBetter(settings.earlyStopping),
    });
  }

  /** Gives the model as it is now to `onModel`. */
  private async tell(which: TestedModel['which']): Promise<void> {
    const { task, settings, onModel } = this.options;
    if (!onModel) return;
    const { specs, weights } = await this.course.trained();
    await onModel({ ...(await trainedWeights(task, settings.seed, specs, weights)), which });
  }

  private finish(error: TandemError | null): void {
    this.deadline.cancel();
    if (error) void this.end.fail(error);
    else this.work.add(() => this.end.announce());
  }
}
