import { expect, it } from 'vitest';
import { participate } from '../../client/participate.js';
import type { Grant } from '../../server/entry/grant.js';
import { SessionHolders } from '../../server/entry/session-holders.js';
import { createHost } from '../../server/create-host.js';
import { MemoryStore } from '../../shared/checkpoint/memory-store.js';
import { resolveRun } from '../../shared/config.js';
import { dealData } from '../../shared/data/partition.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { TandemError } from '../../shared/errors.js';
import { Cable } from '../helpers/cable.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

it('a session belongs to the invite it was opened with after a restart of its server too', async () => {
  const settings = resolveRun(tinyTask, { clients: 2, epochs: 1, batch: 5, seed: 7 });
  const engine = await chooseEngine('tfjs');
  const checkpoints = { store: new MemoryStore(), everySteps: 1 };
  const start = (holders: SessionHolders) =>
    createHost({
      ...{ task: tinyTask, settings, engine, transport: 'loopback', graceSeconds: 60, checkpoints, holders },
      onEvent: ({ kind }) => {
        if (kind !== 'client-joined') return;
        [...host.links.byId.keys()].forEach((session, i) => holders.note(session, { subject: `invite-${i}` }));
      },
    });
  let host = await start(new SessionHolders());
  const clients = dealData(tinyData(), settings).map(async (data, index) => {
    const cable = new Cable({ room: 1 + index });
    void host.accept(cable.ends[1]);
    const connect = () => new Promise<never>(() => undefined);
    const place = [index, settings.clients] as const;
    let steps = 0;
    for await (const _ of participate({ transport: cable.ends[0], data, engine, place, reconnect: { connect } })) {
      if (++steps === 2) cable.cut();
      if (steps === 2) return;
    }
  });
  await Promise.all(clients);
  const sessions = [...host.links.byId.keys()];
  host.finished.catch(() => undefined);
  host.close(new TandemError('CANCELLED', 'killed'));
  const holders = new SessionHolders();
  host = await start(holders);
  host.finished.catch(() => undefined);
  const grant = (subject: string): Grant => ({ subject, role: 'train', shard: null });
  sessions.forEach((session, i) => {
    expect(() => holders.check(session, grant(`invite-${i}`))).not.toThrow();
    expect(() => holders.check(session, grant('invite-7'))).toThrow(expect.objectContaining({ code: 'WRONG_ROLE' }));
  });
  expect(sessions).toHaveLength(2);
  host.close(new TandemError('CANCELLED', 'the test is over'));
});
