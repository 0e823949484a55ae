import { request } from 'node:http';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Entrance } from '../../client/node/connect.js';
import { download } from '../../client/node/download.js';
import { exportModel } from '../../server/export-model.js';
import { mergeSegments } from '../../server/run/trained-model.js';
import type { RunningServer } from '../../server/serve.js';
import { buildSegments } from '../../shared/model/build.js';
import { openLayersFiles } from '../../shared/model/layers-files.js';
import { modelPaths } from '../../shared/model/model-paths.js';
import { hashWeights, readModelWeights } from '../../shared/model/weights.js';
import { tinyTask } from '../helpers/tiny-task.js';
import { http, Site } from './site.js';

const site = new Site();

/** The HTTP status of a request that names a host of its own, as a page does whose name resolves here. */
function statusFor({ port }: RunningServer, path: string, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, headers: { host } };
    request(options, (response) => resolve(response.resume().statusCode ?? 0))
      .on('error', reject)
      .end();
  });
}

describe('the merged model of a run that gives it away', () => {
  it('is what the run came to, to the bit, for who trained it', async () => {
    const server = await site.open({ entry: site.entry, shareModel: true });
    const entrance = await Entrance.open({ invite: await site.invited('train') });
    await site.train(server.url, { entrance });
    // Early: the server may not have said goodbye to all clients yet.
    const files = await download(server.url, { entrance });
    const { summary, trained } = await server.finished;
    const model = await openLayersFiles(files);
    expect(hashWeights(readModelWeights(model))).toBe(summary.weightsHash);
    model.dispose();

    // The same bytes as those of `tandem export`.
    const folder = await mkdtemp(join(tmpdir(), 'tandem-export-'));
    const { specs } = await buildSegments(tinyTask, 5, []);
    const merged = await mergeSegments(tinyTask, 5, specs, [trained.weights]);
    await exportModel(merged, folder);
    merged.dispose();
    expect(files.weights).toEqual(new Uint8Array(await readFile(join(folder, 'weights.bin'))));
    expect(site.events.filter((event) => event.kind === 'access' && event.what === 'model-taken')).toHaveLength(1);
  });

  it('is for the roles train and download, and for nobody else', async () => {
    const server = await site.open({ entry: site.entry, shareModel: true });
    await site.train(server.url, { invite: await site.invited('train') });
    await server.finished;
    const taken = async (role: Parameters<Site['invited']>[0]) =>
      download(server.url, { invite: await site.invited(role) }).then(
        ({ weights }) => weights.length,
        ({ code }: { code: string }) => code,
      );
    expect(await taken('download')).toBeGreaterThan(50);
    expect(await taken('train')).toBeGreaterThan(50);
    expect(await taken('infer')).toBe('WRONG_ROLE');
    expect(await taken('metrics')).toBe('WRONG_ROLE');
    expect(await taken('relay')).toBe('WRONG_ROLE');
    expect((await http(server, modelPaths.weights)).status).toBe(401);
    expect((await http(server, modelPaths.topology)).status).toBe(401);
  });

  it('opens no link with the role download', async () => {
    const server = await site.open({ entry: site.entry, shareModel: true });
    const trains = site.train(server.url, { invite: await site.invited('download') });
    await expect(trains).rejects.toMatchObject({ code: 'WRONG_ROLE' });
  });

  it('is not there before the run is over', async () => {
    const server = await site.open({ shareModel: true });
    const answer = await http(server, modelPaths.topology);
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: { code: 'BAD_STATE' } }]);
  });

  it('is refused with what to do where the run does not give it away', async () => {
    const server = await site.open({ keepServing: true });
    await site.train(server.url);
    await server.finished;
    await expect(download(server.url)).rejects.toMatchObject({
      code: 'NOT_SHARED',
      action: expect.stringContaining('--share-model') as string,
    });
    const { sharesModel } = (await (await http(server, '/run.json')).json()) as { sharesModel: boolean };
    expect(sharesModel).toBe(false);
  });

  it('is not for a page whose name was made to resolve here', async () => {
    const server = await site.open({ shareModel: true });
    await site.train(server.url);
    await server.finished;
    const { host } = new URL(server.url);
    expect(await statusFor(server, modelPaths.weights, host)).toBe(200);
    expect(await statusFor(server, modelPaths.weights, `evil.example:${server.port}`)).toBe(403);
    const other = await http(server, modelPaths.weights, { headers: { origin: 'https://evil.example' } });
    expect(other.status).toBe(403);
  });
});
