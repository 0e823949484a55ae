import type { CourseHost } from '../run/course.js';
import type { ClientSession } from '../session/client-session.js';
import type { PartyBottoms } from './party-bottoms.js';

interface Work {
  readonly round: number;
  readonly clients: readonly number[];
}

/** Tells parties what to do next, and sends them their segments where they have none yet. */
export class PartyWork {
  constructor(
    private readonly bottoms: PartyBottoms,
    private readonly host: Pick<CourseHost, 'places'>,
  ) {}

  /** Starts joint steps. */
  train({ round, step, steps, clients }: Work & { readonly step: number; readonly steps: number }): void {
    for (const party of this.given({ round, clients })) party.dispatch({ kind: 'joint', round, step, steps });
  }

  /** Asks parties to send their test rows, or rows to predict, batch by batch. */
  ask({ round, clients }: Work, toPredict: boolean): void {
    for (const party of this.given({ round, clients }))
      party.dispatch({ kind: 'evaluate', round, ahead: 1, ...(toPredict ? { toPredict } : {}) });
  }

  /** One after the other, as a party may leave in reply to what it is sent. */
  private *given({ round, clients }: Work): Generator<ClientSession> {
    for (const client of clients) {
      const party = this.host.places.of(client);
      const bottom = this.bottoms.messageFor(client, round);
      if (bottom) party?.send(bottom);
      if (party) yield party;
    }
  }
}
