import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach } from 'vitest';
import { join as joinRun } from '../../client/node/join.js';
import type { Role } from '../../server/entry/grant.js';
import { InviteBook } from '../../server/entry/invite-book.js';
import { serve, type RunningServer, type ServeOptions } from '../../server/serve.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import type { RunEvent } from '../../shared/events.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

/** A folder, invites and servers of a test; all of it new for each one. */
export class Site {
  engine!: Engine;
  folder!: string;
  /** The entry folder, for servers that have one. */
  entry!: string;
  book!: InviteBook;
  readonly events: RunEvent[] = [];
  private servers: RunningServer[] = [];

  constructor() {
    beforeAll(async () => {
      this.engine = await chooseEngine('tfjs');
    });
    beforeEach(async () => {
      this.folder = await mkdtemp(join(tmpdir(), 'tandem-door-'));
      this.entry = join(this.folder, 'entry');
      this.book = await InviteBook.open(this.entry);
      this.events.length = 0;
    });
    afterEach(async () => {
      await Promise.all(this.servers.map((server) => server.close()));
      this.servers = [];
    });
  }

  async open(options: Partial<ServeOptions> = {}): Promise<RunningServer> {
    const onEvent = (event: RunEvent) => void this.events.push(event);
    const server = await serve({ task: tinyTask, seed: 5, loadedEngine: this.engine, onEvent, ...options });
    this.servers.push(server);
    return server;
  }

  async invited(role: Role, shard: [number, number] | null = null, uses = 1): Promise<string> {
    return (await this.book.create({ role, shard, uses, seconds: 600 })).code;
  }

  /** Trains to the end. Returns the number of the last step. */
  async train(url: string, options: object = {}): Promise<number> {
    let steps = 0;
    for await (const { step } of joinRun(url, { data: tinyData(), loadedEngine: this.engine, ...options }))
      steps = step;
    return steps;
  }
}

export function http(server: RunningServer, path: string, init?: RequestInit): Promise<Response> {
  return fetch(`${server.url.replace(/^ws/, 'http')}${path}`, init);
}
