/** Where a page looks at a run: a WebSocket, and over HTTP whether it may. */
export const WATCH_PATH = '/watch';

/** The subprotocol of that WebSocket; a ticket or an invite goes beside it, as for links of clients. */
export const WATCH_SUBPROTOCOL = 'tandem.watch';
