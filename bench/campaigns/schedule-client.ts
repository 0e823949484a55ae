import * as client from '../../client/session-reducer.js';
import type { SessionInput } from '../../client/session-state.js';
import { TandemError } from '../../shared/errors.js';
import { int32 } from '../../shared/ndarray.js';
import { Endpoint, type KeptLink, type WorldBugs } from './schedule-endpoint.js';
import { fromPayload, mix, tensor, toBytes, valueOf, type ClientState } from './schedule-plan.js';

interface Kept {
  readonly state: ClientState;
  readonly link: KeptLink;
}

const GENERATIONS = 2;
const labels = [int32([1], [1])];

/** A client of a simulated world, with its disk. It does what client/participant.ts and client/checkpoints.ts do. */
export class SimulatedClient {
  link: Endpoint;
  /** The newest first. */
  private disk: Kept[] = [];
  /** A checkpoint on its way to the disk. */
  private saving: { readonly kept: Kept; isWritten: boolean } | undefined;
  private restored: Kept | undefined;

  constructor(
    private readonly bugs: WorldBugs,
    private readonly room: number,
    private state: ClientState,
    /** Whether a checkpoint that nobody asked for is due. */
    private readonly isDue: () => boolean,
  ) {
    this.link = new Endpoint(bugs, room);
  }

  get over(): boolean {
    return this.state.over;
  }

  get bottom(): number {
    return this.state.bottom;
  }

  /** Takes a message that waits, if there is one. Throws what the session fails with. */
  takeNext(): void {
    const message = this.link.take();
    if (message) this.dispatch({ kind: 'received', message });
  }

  /** Writes a checkpoint where one is due and nothing is half done. */
  wholeMoment(): void {
    const { link, state } = this;
    if (state.over || this.saving || !link.isSafe || !(link.asked || this.isDue())) return;
    if (state.session.phase !== 'waiting' && state.session.phase !== 'training') return;
    link.asked = false;
    this.saving = { kept: { state, link: link.keep(true) }, isWritten: false };
  }

  /** While nothing is under way. */
  rest(): void {
    if (this.state.session.phase === 'waiting') this.wholeMoment();
  }

  /** What was to be written is on the disk, or, once it is, counted on. */
  saveOn(): void {
    const { saving } = this;
    if (!saving) return;
    if (!saving.isWritten) {
      this.disk = [saving.kept, ...this.disk].slice(0, GENERATIONS);
      saving.isWritten = true;
      return;
    }
    this.saving = undefined;
    const { received, settled } = saving.kept.link.delivery;
    this.link.storeWithout(received, settled);
  }

  /** Nobody could come back without the first one, so it is waited for. */
  saveFirst(): void {
    this.saving = { kept: { state: this.state, link: this.link.keep(true) }, isWritten: false };
    this.saveOn();
    this.saveOn();
  }

  /** Goes back to its newest checkpoint. */
  crash(): void {
    const [kept] = this.disk;
    if (kept) this.goBackTo(kept);
  }

  /** After the server refused: whether there is a checkpoint that relies on less. */
  goFurtherBack(error: unknown): boolean {
    const { restored } = this;
    if (!restored || !(error instanceof TandemError) || error.code !== 'SESSION_LOST' || this.bugs.staysNew)
      return false;
    this.disk = this.disk.filter(({ link }) => link.delivery.settled < restored.link.delivery.settled);
    const [kept] = this.disk;
    if (kept) this.goBackTo(kept);
    return kept !== undefined;
  }

  private goBackTo(kept: Kept): void {
    const { delivery, stored } = kept.link;
    this.saving = undefined;
    this.restored = kept;
    this.state = kept.state;
    this.link = new Endpoint(this.bugs, this.room, delivery);
    this.link.store(stored);
    this.link.storeWithout(delivery.received, delivery.settled);
    const { session } = kept.state;
    if (session.phase === 'training') this.perform([{ kind: 'smash', step: session.step + 1 }]);
  }

  private dispatch(input: SessionInput): void {
    if (this.state.over) return;
    const [session, effects] = client.reduceSession(this.state.session, input);
    this.state = { ...this.state, session };
    this.perform(effects);
  }

  private perform(effects: ReturnType<typeof client.reduceSession>[1]): void {
    for (const effect of effects) {
      const { bottom } = this.state;
      switch (effect.kind) {
        case 'send':
          this.link.send(effect.message);
          break;
        case 'load-bottom':
          this.state = { ...this.state, bottom: fromPayload(effect.message.payload) };
          break;
        case 'smash': {
          this.wholeMoment();
          const tensors = [tensor(mix(bottom, effect.step))];
          this.dispatch({ kind: 'smashed', message: { type: 'smashed', step: effect.step, tensors, labels } });
          break;
        }
        case 'learn':
          this.state = { ...this.state, bottom: mix(bottom, valueOf(effect.message.tensors)) };
          this.dispatch({ kind: 'learned' });
          break;
        case 'upload': {
          const message = { type: 'bottom', round: effect.round, updates: null, payload: toBytes(bottom) } as const;
          this.dispatch({ kind: 'bottom', message });
          break;
        }
        case 'query': {
          const message = { type: 'query', id: effect.batch, tensors: [tensor(bottom)], labels } as const;
          this.dispatch({ kind: 'query', message });
          break;
        }
        case 'finish':
          this.state = { ...this.state, over: true };
          break;
        case 'fail':
          throw effect.error;
        default:
        // Nothing of the others is part of what is compared.
      }
    }
  }
}
