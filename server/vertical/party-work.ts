import type { CourseHost } from '../run/course.js';
import type { ClientSession } from '../session/client-session.js';
import type { PartyBottoms } from './party-bottoms.js';

interface Work {
  readonly round: number;
  readonly clients: readonly number[];
}

/** Tells parties what to do next, and gives them their segments where they have none yet. */
export class PartyWork {
  constructor(
    private readonly bottoms: PartyBottoms,
    private readonly host: Pick<CourseHost, 'places'>,
  ) {}

  /** So many steps together. */
  train({ round, step, steps, clients }: Work & { readonly step: number; readonly steps: number }): void {
    for (const party of this.given({ round, clients })) party.dispatch({ kind: 'joint', round, step, steps });
  }

  /** Questions about all their test rows, or rows to predict. */
  ask({ round, clients }: Work, toPredict: boolean): void {
    for (const party of this.given({ round, clients }))
      party.dispatch({ kind: 'evaluate', round, ahead: 1, ...(toPredict ? { toPredict } : {}) });
  }

  /** One after the other: who is told something may leave for it. */
  private *given({ round, clients }: Work): Generator<ClientSession> {
    for (const client of clients) {
      const party = this.host.places.of(client);
      const bottom = this.bottoms.messageFor(client, round);
      if (bottom) party?.send(bottom);
      if (party) yield party;
    }
  }
}
