import { expect, it, vi } from 'vitest';
import { Lane } from '../../server/lane/lane.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { simulate } from '../../simulator/simulate.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

/** The files of the server that are on the stack, from the one that read a message to the one that calls the lane. */
function filesOnStack(stack: string): string[] {
  const files = stack.split('\n').flatMap((line) => /\/(server\/[a-z/-]+)\.[jt]s:/.exec(line)?.[1] ?? []);
  const path = files.reverse().filter((file, i, all) => file !== all[i - 1]);
  return path.slice(Math.max(0, path.indexOf('server/session/client-session')));
}

it.each(['splitfed-v1', 'async'])('%s: a step comes to its lane as docs/architecture.md draws it', async (schedule) => {
  const paths = new Set<string>();
  const take = Reflect.get<Lane, 'take'>(Lane.prototype, 'take');
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 50;
  const watched = vi.spyOn(Lane.prototype, 'take').mockImplementation(function (this: Lane, ...given) {
    paths.add(filesOnStack(new Error().stack ?? '').join(' '));
    return take.apply(this, given);
  });
  const loadedEngine = await chooseEngine('tfjs');
  const size = { clients: 2, epochs: 1, batch: 5, seed: 7 };
  await simulate({ task: tinyTask, data: tinyData(31), schedule, transport: 'loopback', loadedEngine, ...size });
  watched.mockRestore();
  Error.stackTraceLimit = stackTraceLimit;
  // Two reducers answer values, and so are not on it: five files.
  const drawn = 'server/session/client-session server/lane/lane server/session/client-session server/run/rows-course';
  expect([...paths]).toContain(drawn);
});
