import { stepMaker, TimedTraining } from './training-step.js';

/** One contender of `npm run bench:browser` in a worker of a tab; `?name` says which. Speaks as engine-contender.ts does. */
interface WorkerScope {
  readonly location: Location;
  readonly crossOriginIsolated: boolean;
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: { readonly data: { net: string; ms: number } }) => void): void;
}

const scope = globalThis as unknown as WorkerScope;
const maker = await stepMaker(scope.location.search.slice(1), new URL('/wasm/', scope.location.href).href);
const training = new TimedTraining(maker);
scope.addEventListener('message', ({ data: { net, ms } }) => {
  training.run(net, ms).then(
    (result) => scope.postMessage(result),
    (error: unknown) => scope.postMessage({ error: String(error) }),
  );
});
scope.postMessage({ label: maker.label, threads: maker.threads, isolated: scope.crossOriginIsolated });
