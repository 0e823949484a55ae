import { loadMnist } from '../../client/node/data/mnist.js';
import { join } from '../../client/node/join.js';
import { dealData } from '../../shared/data/partition.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';

/** `node honest-clients.js <url> <clients>`: clients of one process, for campaigns; ends when the server does. */
const [url = '', clients = '4'] = process.argv.slice(2);
const loadedEngine = await chooseEngine('tfjs');
const parts = dealData(await loadMnist(), { clients: Number(clients), partition: 'iid', limit: undefined, seed: 1 });
await Promise.allSettled(
  parts.map(async (data) => {
    for await (const _ of join(url, { data, loadedEngine }));
  }),
);
