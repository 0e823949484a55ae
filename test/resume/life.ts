import type { Cable } from '../helpers/cable.js';

export class Killed extends Error {}

/** A server or a client from its start to its end: all that dies with it hangs on this. */
export class Life {
  alive = true;
  readonly cables = new Set<Cable>();

  end(): void {
    this.alive = false;
    for (const cable of this.cables) cable.cut();
  }
}
