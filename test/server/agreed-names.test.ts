import { describe, expect, it } from 'vitest';
import { join } from '../../client/node/join.js';
import { AgreedNames } from '../../server/run/agreed-names.js';
import { serve } from '../../server/serve.js';
import type { ClientData } from '../../shared/data/dataset.js';
import { Deferred } from '../../shared/deferred.js';
import type { RunEvent } from '../../shared/events.js';
import { int32 } from '../../shared/ndarray.js';
import type { Message } from '../../shared/protocol/messages.js';
import type { Task } from '../../shared/task.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

const ready = (names: Partial<Message<'ready'>>): Message<'ready'> => ({
  type: 'ready',
  samples: 1,
  testSamples: 0,
  ...names,
});

describe('the names of a run', () => {
  it('are those of the client that comes first, until none is left that keeps them', () => {
    const names = new AgreedNames({});
    names.agree(0, ready({ classes: ['cats', 'dogs'], columns: ['a'], coding: 'x' }));
    expect(names.current).toEqual({ classes: ['cats', 'dogs'], columns: ['a'], coding: 'x' });
    const [birds, dogs] = [
      ['birds', 'cats', 'dogs'],
      ['dogs', 'cats'],
    ];
    expect(() => names.agree(1, ready({ classes: birds }))).toThrow(
      /have the classes birds, cats, dogs, and the run has cats, dogs/,
    );
    expect(() => names.agree(1, ready({ classes: dogs }))).toThrow(expect.objectContaining({ code: 'BAD_DATA' }));
    expect(() => names.agree(1, ready({ columns: ['a'], coding: 'y' }))).toThrow(/become numbers in another way/);
    names.agree(1, ready({ classes: ['cats', 'dogs'] }));
    const copy = new AgreedNames({});
    copy.restore(JSON.parse(JSON.stringify(names.snapshot())) as ReturnType<typeof names.snapshot>);
    for (const each of [names, copy]) {
      each.forget(0);
      expect(each.current.classes).toEqual(['cats', 'dogs']);
      each.forget(1);
      expect(each.current).toEqual({});
      each.agree(2, ready({ classes: birds }));
      expect(each.current.classes).toEqual(birds);
    }
  });

  it('are those of the task where it has some, and nobody changes them', () => {
    const names = new AgreedNames({ classes: ['a', 'b'] });
    expect(() => names.agree(0, ready({ classes: ['b', 'a'] }))).toThrow(/the run has a, b/);
    names.agree(0, ready({ columns: ['c'] }));
    names.forget(0);
    expect(names.current).toEqual({ classes: ['a', 'b'] });
    names.agree(1, ready({ classes: null }));
    names.agree(2, ready({}));
  });
});

/** The tiny task's data with the labels that folders of these names have. */
function named(classes: readonly string[]): ClientData {
  const { train } = tinyData();
  const known = (row: number) => train.label(row) % classes.length;
  const labelled = {
    ...train,
    label: known,
    batch: async (rows: ArrayLike<number>) => ({
      inputs: (await train.batch(rows)).inputs,
      labels: [int32([rows.length], Array.from(rows, known))],
    }),
  };
  return { train: labelled, names: { classes } };
}

async function take(url: string, data: ClientData): Promise<string> {
  try {
    for await (const { step } of join(url, { data, engine: 'tfjs' })) expect(step).toBeGreaterThan(0);
    return 'trained';
  } catch (error) {
    return (error as Error).message;
  }
}

/** What becomes of two clients, of which the second comes when the first is there. */
async function meet(task: Task, first: readonly string[], second: readonly string[]): Promise<string[]> {
  const firstIsThere = new Deferred<undefined>();
  const onEvent = ({ kind }: RunEvent) => kind === 'client-joined' && firstIsThere.resolve(undefined);
  const server = await serve({ task, clients: 2, steps: 2, port: 0, engine: 'tfjs', onEvent });
  server.finished.catch(() => undefined);
  const one = take(server.url, named(first));
  await firstIsThere.promise;
  const two = await take(server.url, named(second));
  await server.close();
  return [await one, two];
}

describe('two clients with other folders', () => {
  const [few, more] = [
    ['cats', 'dogs'],
    ['birds', 'cats', 'dogs'],
  ];
  const REFUSED = 'the data have the classes birds, cats, dogs, and the run has cats, dogs';

  it('are mapped by the names of the task', async () => {
    expect(await meet({ ...tinyTask, classes: more }, few, more)).toEqual(['trained', 'trained']);
  });

  it('are mapped by the names of the first, or refused with both lists', async () => {
    expect(await meet(tinyTask, more, few)).toEqual(['trained', 'trained']);
    expect((await meet(tinyTask, few, more))[1]).toBe(REFUSED);
  });

  it('are refused with both lists where the task has others', async () => {
    expect((await meet({ ...tinyTask, classes: few }, few, more))[1]).toBe(REFUSED);
  });
});
