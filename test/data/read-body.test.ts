import { describe, expect, it } from 'vitest';
import { loadingTogether, readBody, type Loading } from '../../shared/read-body.js';

/** An answer of these chunks that then ends, or breaks off with an error. */
function answer(chunks: readonly number[], error?: Error, headers: Record<string, string> = {}): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const length of chunks) controller.enqueue(new Uint8Array(length).fill(7));
      if (!error) controller.close();
    },
    pull(controller) {
      if (error) controller.error(error);
    },
  });
  return new Response(body, { headers });
}

describe('an answer that is read', () => {
  it.each([
    [[], new TypeError('network error')],
    [[3, 5], new Error('the socket was reset')],
  ])('and breaks off after %j says so, and that a server cannot be reached', async (chunks, error) => {
    await expect(readBody(answer(chunks, error), 'a share')).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: `a share did not come to its end: ${String(error)}`,
    });
  });

  it('tells how much has come, of how much where nothing unpacks it', async () => {
    const heard: Loading[] = [];
    const whole = await readBody(answer([3, 5], undefined, { 'content-length': '8' }), 'a share', (each) =>
      heard.push(each),
    );
    expect(whole).toEqual(new Uint8Array(8).fill(7));
    expect(heard.map(({ bytes, of }) => [bytes, of])).toEqual([[0, 8], [3, 8], [8, 8]]); // prettier-ignore
    const packed = answer([3], undefined, { 'content-length': '2', 'content-encoding': 'gzip' });
    await readBody(packed, 'a share', (each) => heard.push(each));
    expect(heard.at(-1)).toEqual({ what: 'a share', bytes: 3, of: null });
  });
});

describe('several files that are loaded at a time', () => {
  it('are told of as one, whichever is faster', () => {
    const heard: Loading[] = [];
    const one = loadingTogether((each) => heard.push(each));
    const [first, second] = [one(), one()];
    second({ what: 'a share', bytes: 0, of: 11 });
    first({ what: 'a share', bytes: 2, of: 7 });
    second({ what: 'a share', bytes: 11, of: 11 });
    first({ what: 'a share', bytes: 7, of: 7 });
    expect(heard.map(({ bytes, of }) => [bytes, of])).toEqual([[0, 11], [2, 18], [13, 18], [18, 18]]); // prettier-ignore
  });

  it('have no total where one of them has none', () => {
    const heard: Loading[] = [];
    const one = loadingTogether((each) => heard.push(each));
    const [first, second] = [one(), one()];
    first({ what: 'a share', bytes: 4, of: 9 });
    second({ what: 'a share', bytes: 1, of: null });
    expect(heard.at(-1)).toEqual({ what: 'a share', bytes: 5, of: null });
  });
});
