import { describe, expect, it } from 'vitest';
import { Settling } from '../../shared/session/settling.js';

/** A side whose checkpoints hold what was received up to 5, and the newest up to 9 if the other side has 7 messages from here. */
function offering() {
  const settling = new Settling();
  settling.store(5);
  settling.tookThere(7);
  settling.storeWithout(9, 7);
  return settling;
}

describe('what the other side may forget', () => {
  it('is what the newest checkpoint holds, if the other side has what that lacks', () => {
    expect(offering()).toMatchObject({ number: 9, stored: 5, isSafe: false });
  });

  it('is what the one before holds, once the other side has gone back, until it has taken as much again', () => {
    const settling = offering();
    settling.isBackAt(6);
    expect(settling.number).toBe(5);
    // It says on the next link what has arrived, which it may not have taken.
    settling.isBackAt(8);
    expect(settling.number).toBe(5);
    settling.tookThere(7);
    expect(settling.number).toBe(9);
  });

  it('is what the newest holds whatever happens, once the other side has settled what that lacks', () => {
    const settling = offering();
    settling.settled(6);
    expect(settling.isSafe).toBe(false);
    settling.settled(7);
    expect(settling).toMatchObject({ number: 9, stored: 9, isSafe: true });
    settling.isBackAt(7);
    expect(settling.number).toBe(9);
  });

  it('is undefined where nothing is written down', () => {
    expect(new Settling().number).toBeUndefined();
  });
});
