import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InviteBook } from '../../server/entry/invite-book.js';
import { digitsFolder } from '../helpers/digits-folder.js';
import { Command, lastLine, runCommand } from '../helpers/run-cli.js';
import { wholeSuite } from '../helpers/whole-suite.js';

const RUN = ['--task', 'mnist-mlp', '--clients', '1', '--steps', '2', '--port', '0', '--json'];

describe('the merged model of a run', () => {
  it.runIf(wholeSuite)(
    'is taken by its client, with the one use of its invite, and by who was invited to it',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'tandem-download-'));
      const entry = join(folder, 'entry');
      const book = await InviteBook.open(entry);
      const invited = async (role: 'train' | 'download') =>
        (await book.create({ role, shard: null, uses: 1, seconds: 600 })).code;
      const server = new Command('serve', ...RUN, '--entry', entry, '--share-model');
      const [, url = ''] = await server.said(/at (ws:\S+),/);
      const [own, other] = [join(folder, 'own'), join(folder, 'other')];
      const client = [
        '--data',
        `idx:${await digitsFolder(130)}`,
        '--invite',
        await invited('train'),
        '--save-model',
        own,
        '--json',
      ];
      const joined = await runCommand('join', url, ...client);
      expect([joined.code, lastLine(joined.stdout).model]).toEqual([0, join(own, 'model.json')]);
      const taken = await runCommand('download', url, '--invite', await invited('download'), '--out', other, '--json');
      const weights = await readFile(join(own, 'weights.bin'));
      const { length: ofTopology } = await readFile(join(own, 'model.json'));
      expect(lastLine(taken.stdout)).toEqual({ model: join(other, 'model.json'), bytes: ofTopology + weights.length });
      expect(await readFile(join(other, 'weights.bin'))).toEqual(weights);
      server.signal('SIGINT');
      await server.done;
    },
  );
});
