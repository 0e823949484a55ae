import { describe, expect, it } from 'vitest';
import { RecentPlans } from '../../shared/engine/onnx/recent-plans.js';

function plans(most: number) {
  const released: string[] = [];
  const compiled: string[] = [];
  const kept = new RecentPlans<string>(most, (plan) => Promise.resolve(void released.push(plan)));
  const get = (key: string) => kept.get(key, () => Promise.resolve((compiled.push(key), key)));
  return { kept, released, compiled, get };
}

describe('plans for shapes', () => {
  it('are kept up to the bound, whatever is asked for', async () => {
    const { kept, released, get } = plans(7);
    for (let length = 1; length <= 500; length++) await get(`length ${length}`);
    await new Promise(setImmediate);
    expect(kept.count).toBe(7);
    expect(released).toHaveLength(493);
    expect(released[0]).toBe('length 1');
  });

  it('go in the order in which they were asked for last', async () => {
    const { released, compiled, get } = plans(3);
    for (const rows of ['32 rows', '5 rows', '31 rows', '32 rows', '9 rows', '32 rows', '4 rows']) await get(rows);
    await new Promise(setImmediate);
    expect(released).toEqual(['5 rows', '31 rows']);
    expect(compiled).toEqual(['32 rows', '5 rows', '31 rows', '9 rows', '4 rows']);
  });

  it('that failed to compile are nothing to release, and go like others', async () => {
    const { kept, released, get } = plans(2);
    await expect(kept.get('broken', () => Promise.reject(new Error('no such operation')))).rejects.toThrow('no such');
    for (const rows of ['7 rows', '6 rows']) await get(rows);
    await new Promise(setImmediate);
    expect([kept.count, released]).toEqual([2, []]);
    kept.dispose();
    await new Promise(setImmediate);
    expect([kept.count, released]).toEqual([0, ['7 rows', '6 rows']]);
  });
});
