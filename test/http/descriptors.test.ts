import { afterEach, describe, expect, it } from 'vitest';
import { Descriptors } from '../../server/observe/descriptors.js';
import { Readiness } from '../../server/observe/readiness.js';

/** A process that may open so many more files. */
class Files {
  open = 0;

  constructor(public most: number) {}

  readonly take = (): (() => void) => {
    if (this.open >= this.most) throw Object.assign(new Error('too many open files'), { code: this.code });
    this.open++;
    return () => void this.open--;
  };

  code = 'EMFILE';
}

let watched: Descriptors | undefined;
afterEach(() => watched?.close());

function watching(files: Files) {
  const [readiness, said]: [Readiness, string[]] = [new Readiness(), []];
  const descriptors = new Descriptors({ readiness, onTrouble: (text) => void said.push(text), open: files.take });
  watched = descriptors;
  return { readiness, said, descriptors };
}

describe('files that a server may open', () => {
  it.each(['EMFILE', 'ENFILE'])('are said to be used up (%s), and answered for out of a reserve', (code) => {
    const files = new Files(23);
    files.code = code;
    const { readiness, said, descriptors } = watching(files);
    expect([descriptors.refusal, readiness.ready, said]).toEqual([undefined, true, []]);
    // Sockets take what is left.
    files.open += 23 - files.open;
    for (let newcomer = 0; newcomer < 3; newcomer++) descriptors.look();
    expect(descriptors.refusal?.line).toMatch(/as many files and sockets open as it may: wait, .*ulimit -n.*TOO_MANY/);
    expect(readiness.ready).toBe(false);
    expect(readiness.state).toMatch(/^not ready: this process has as many files/);
    // Once, and there is room to answer newcomers with.
    expect(said).toHaveLength(1);
    expect(files.most - files.open).toBeGreaterThan(8);
  });

  it('are there again once some are closed, which is said, too', () => {
    const files = new Files(53);
    const { readiness, said, descriptors } = watching(files);
    files.open = 53;
    descriptors.look();
    files.open = 3;
    descriptors.look();
    expect([descriptors.refusal, readiness.state]).toEqual([undefined, 'ready']);
    expect(said[1]).toBe('there is room for files and sockets again');
  });

  it.each([1, 5])('are not said to be there where the next newcomers would use them up: %i more', (few) => {
    const files = new Files(53);
    const { said, descriptors } = watching(files);
    const others = 53 - 16;
    for (let turn = 0; turn < 9; turn++) {
      files.open = 53;
      descriptors.look();
      // What it lets go, and a few that others close.
      files.open = Math.min(files.open, others) - few;
      descriptors.look();
      expect(descriptors.refusal).toBeDefined();
    }
    expect(said).toHaveLength(1);
  });

  it('leave a run that has failed what it is', () => {
    const { readiness, descriptors } = watching(new Files(40));
    readiness.become('failed');
    descriptors.look();
    expect([readiness.ready, readiness.state]).toEqual([false, 'failed']);
  });
});
