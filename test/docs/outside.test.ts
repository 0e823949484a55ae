import { afterEach, describe, expect, it, vi, type TestContext } from 'vitest';
import { needs } from '../helpers/outside.js';

const missing = { name: 'a thing', path: 'test/no-such-thing', howToGet: 'fetch it' };

/** A test's context that notes why it was left out. */
function context(): { reasons: string[]; given: TestContext } {
  const reasons: string[] = [];
  return { reasons, given: { skip: (reason: string) => void reasons.push(reason) } as unknown as TestContext };
}

describe('a component from outside', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('that is missing leaves the test out by name, with how to get it', () => {
    vi.stubEnv('CI', '');
    const { reasons, given } = context();
    needs(given, missing);
    expect(reasons).toEqual(['a thing is not at test/no-such-thing: fetch it']);
  });

  it('that is missing in CI fails the test', () => {
    vi.stubEnv('CI', 'true');
    expect(() => needs(context().given, missing)).toThrow('a thing is not at test/no-such-thing: fetch it');
  });

  it('that is there changes nothing', () => {
    const { reasons, given } = context();
    needs(given, { ...missing, path: 'test' });
    expect(reasons).toEqual([]);
  });
});
