import { asTandemError } from '../../shared/errors.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { Lanes } from '../lane/lanes.js';
import type { ClientSession } from '../session/client-session.js';
import type { BottomContents, Bottoms } from './bottoms.js';
import type { Evaluations } from './evaluations.js';
import type { RunInput, RunState } from './run-state.js';

/** The course whose queries are answered. */
export interface AskedCourse {
  readonly state: RunState;
  tell(input: RunInput): void;
}

/** Answers test samples of an evaluation, and clients that only infer. */
export class RowQueries {
  /** The bottoms that each client with the role infer was sent last. */
  private readonly shown = new WeakMap<ClientSession, BottomContents>();

  constructor(
    private readonly course: AskedCourse,
    private readonly lanes: Lanes,
    private readonly bottoms: Bottoms,
    private readonly evaluations: Evaluations,
  ) {}

  /** Sends a client with the role infer the bottoms of the last merge. */
  show(session: ClientSession): void {
    this.shown.set(session, this.bottoms.contents);
    session.dispatch({ kind: 'weights', message: this.bottoms.message(this.course.state.round, session.holding) });
  }

  ask(session: ClientSession, message: Message<'query'>): void {
    const { client } = session;
    if (client !== null) this.course.tell({ kind: 'queried', client, samples: message.tensors[0]?.shape[0] ?? 0 });
    // Its query was computed with older bottoms than the top's.
    else if (this.shown.get(session) !== this.bottoms.contents) return this.show(session);
    this.lanes.queueOf(client).add(() => this.answer(session, message));
  }

  report(client: number, tested: number, message: Message<'evaluated'>): void {
    if (this.course.state.evaluating.has(client)) this.evaluations.report(client, tested, message);
    this.course.tell({ kind: 'evaluated', client });
  }

  private async answer(session: ClientSession, { id, tensors, labels }: Message<'query'>): Promise<void> {
    const { client, holding } = session;
    let answer;
    try {
      const lane = client === null ? await this.lanes.averaged() : this.lanes.of(client);
      answer = await lane.predict(tensors, labels, holding.entry);
    } catch (error) {
      return session.refuse(asTandemError(error));
    }
    const { outputs, loss } = answer;
    if (client !== null) {
      const samples = tensors[0]?.shape[0] ?? 0;
      if (this.course.state.evaluating.has(client)) this.evaluations.count(client, samples, labels, answer);
      this.course.tell({ kind: 'predicted', client });
    }
    session.dispatch({ kind: 'predicted', message: { type: 'prediction', id, loss, tensors: outputs } });
  }
}
