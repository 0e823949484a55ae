import { holds, type Attack, type Finding } from './attack.js';
import { against, honest } from './attacked-server.js';
import { Attacker, playAlong } from './attacker.js';

async function spoils(url: string, once: boolean, reached = () => undefined as void): Promise<string> {
  const upload = (bottom: Uint8Array) => {
    reached();
    const bytes = bottom.slice();
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < (once ? 4 : bytes.length); at += 4) view.setFloat32(at, at % 8 ? 3e38 : -3e38, true);
    return bytes;
  };
  return playAlong(await Attacker.join(url), { samples: 48, upload });
}

async function one(schedule: string, once: boolean): Promise<Finding> {
  return against([...spoilingUpload.flags, '--schedule', schedule], async (server) => {
    const [end, other] = await Promise.all([spoils(server.url, once), honest(server.url, 30)]);
    const what = `${once ? 'one value' : 'all values'} of an upload 3e38, ${schedule}: the honest client ${other}; the other ${end}`;
    return holds(other === 'finished', what);
  });
}

export const spoilingUpload: Attack = {
  name: 'spoiling-upload',
  promise: 'an upload that nothing can be computed with costs its sender, and nobody else',
  flags: ['--clients', '2', '--epochs', '6'],
  client: (url, reached) => spoils(url, true, reached),
  run: async () => [await one('splitfed-v1', false), await one('splitfed-v2', false), await one('splitfed-v1', true)],
};
