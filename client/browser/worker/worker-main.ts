import type { PageMessage } from './calls.js';
import { TabHost } from './tab-host.js';

/** What a worker's global scope has that is needed here. */
interface WorkerScope {
  postMessage(message: unknown): void;
  close(): void;
  addEventListener(type: 'message', listener: (event: { readonly data: PageMessage }) => void): void;
}

/** The script of a tab's worker: bundle it as it is. */
const scope = globalThis as unknown as WorkerScope;
const host = new TabHost(
  (message) => scope.postMessage(message),
  () => scope.close(),
);
scope.addEventListener('message', ({ data }) => void host.handle(data));
