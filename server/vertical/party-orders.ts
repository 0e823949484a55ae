import type { Places } from '../run/places.js';
import type { JointEffect } from './joint-state.js';
import type { PartyBottoms } from './party-bottoms.js';

/** Tells parties what to do next, and gives them their segments first where they have none yet. */
export class PartyOrders {
  constructor(
    private readonly places: Places,
    private readonly bottoms: PartyBottoms,
  ) {}

  train({ round, step, steps, parties }: JointEffect & { kind: 'train' }): void {
    for (const place of parties) {
      this.sendBottom(place, round);
      this.places.of(place)?.dispatch({ kind: 'joint', round, step, steps });
    }
  }

  release({ party, round }: JointEffect & { kind: 'release' }): void {
    this.places.of(party)?.release(round);
  }

  evaluate({ round, parties }: JointEffect & { kind: 'begin-evaluation' }): void {
    for (const place of parties) {
      this.sendBottom(place, round);
      this.places.of(place)?.dispatch({ kind: 'evaluate', round, ahead: 1 });
    }
  }

  private sendBottom(place: number, round: number): void {
    const bottom = this.bottoms.messageFor(place, round);
    if (bottom) this.places.of(place)?.send(bottom);
  }
}
