/**
 * What the holder of a key signs to come in: the server's challenge under a name of its own, so that no signature made
 * for another purpose fits, and none of these fits elsewhere.
 */
export function proofOf(challenge: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`tandem entry 1\n${challenge}`);
}

/** Where tickets are to be had, below the server's address; docs/protocol.md describes the exchange. */
export const entryPaths = { challenge: '/entry/challenge', ticket: '/entry/ticket' } as const;

/** The WebSocket subprotocols of a client that can set no header: the first is spoken, the second carries the ticket. */
export const SUBPROTOCOL = 'tandem';
export const TICKET_SUBPROTOCOL = 'tandem.ticket.';
