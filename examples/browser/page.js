import { TabClient } from '../client/client.js';

const run = { url: new URL('..', location.href).href.replace('http', 'ws') };
const [start, says] = ['start', 'says'].map((id) => document.getElementById(id));
const tab = new TabClient(new Worker('../client/worker.js', { type: 'module' }));
const say = (text) => (says.textContent = text);
const failed = ({ message, action }) => say(`${message}: ${action}`);

async function open() {
  await tab.prepare({ wasmFiles: new URL('../wasm/', location.href).href });
  const { task, sends } = await tab.describe(run);
  await tab.load({ kind: 'offered', url: new URL('../data/', location.href).href });
  say(`Trains '${task}'. Each step sends ${sends}, and nothing else.`);
  start.disabled = false;
}
async function train() {
  start.disabled = true;
  const { steps } = await tab.train(run, ({ step, losses }) => say(`Step ${step}, loss ${losses.at(-1).toFixed(3)}`));
  say(`The run is over after ${steps} steps.`);
}
start.addEventListener('click', () => train().catch(failed));
open().catch(failed);
