import { TabClient } from 'tandem/client';

/** Where `tandem serve` listens: by default on this machine, or `?server=` and its address. */
const server = new URLSearchParams(location.search).get('server') ?? 'http://127.0.0.1:8080';
const run = { url: server.replace('http', 'ws') };
const start = document.getElementById('start') as HTMLButtonElement;
const tab = new TabClient(new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }));
const say = (text: string) => (document.getElementById('says')!.textContent = text);
const failed = ({ message, action }: { message: string; action?: string }) => say(`${message}: ${action}`);

async function open() {
  await tab.prepare({ wasmFiles: `${server}/wasm/` });
  const { task, sends } = await tab.describe(run);
  await tab.load({ kind: 'offered', url: `${server}/data/` });
  say(`Trains '${task}'. Each step sends ${sends}, and nothing else.`);
  start.disabled = false;
}

async function train() {
  start.disabled = true;
  const { steps } = await tab.train(run, ({ step, losses }) => say(`Step ${step}, loss ${losses.at(-1)?.toFixed(3)}`));
  say(`The run is over after ${steps} steps.`);
}

start.addEventListener('click', () => void train().catch(failed));
open().catch(failed);
