/** What a page has that tells of its sleep and of its network. */
export interface PageLife {
  readonly document: EventTarget & { readonly visibilityState: DocumentVisibilityState };
  readonly window: EventTarget;
  /** `navigator.connection`, where the browser has it. */
  readonly connection?: (EventTarget & { readonly type?: string }) | undefined;
}

/** `renew`: the link from before is not to be trusted. `hurry`: what waits before its next attempt need not. */
export type Wake = 'renew' | 'hurry';

/** Calls back when a page wakes up or its network changes; returns how to stop that. */
export function onPageWake({ document, window, connection }: PageLife, callback: (wake: Wake) => void): () => void {
  const stop = new AbortController();
  const listen = (target: EventTarget | undefined, type: string, when: (event: Event) => Wake | undefined) =>
    target?.addEventListener(
      type,
      (event) => {
        const wake = when(event);
        if (wake) callback(wake);
      },
      { signal: stop.signal },
    );
  listen(document, 'resume', () => 'renew');
  listen(document, 'visibilitychange', () => (document.visibilityState === 'visible' ? 'hurry' : undefined));
  listen(window, 'online', () => 'renew');
  // Only from the cache of pages one goes back to: there nothing ran.
  listen(window, 'pageshow', (event) => ((event as PageTransitionEvent).persisted ? 'renew' : undefined));
  let network = connection?.type;
  listen(connection, 'change', () => {
    const before = network;
    network = connection?.type;
    // It also tells of every change of speed.
    return network === before || network === 'none' ? undefined : 'renew';
  });
  return () => stop.abort();
}
