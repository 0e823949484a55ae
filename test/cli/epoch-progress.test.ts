import { describe, expect, it } from 'vitest';
import { EpochProgress } from '../../cli/own/epoch-progress.js';
import type { RunEvent } from '../../shared/events.js';

/** A stream that keeps what is written to it, and a clock that a test sets. */
function shown(
  { isTTY, columns }: { isTTY: boolean; columns: number },
  figures = 'accuracy 91.0 %  AUC 0.953  test loss 0.231',
) {
  const written: string[] = [];
  let nowMs = 0;
  const stream = { isTTY, columns, write: (text: string | Uint8Array) => written.push(String(text)) > 0 };
  const say = () => figures;
  const progress = new EpochProgress({ jsonLog: false, epochs: 3, say, stream, now: () => nowMs });
  return { written, progress, at: (ms: number) => (nowMs = ms) };
}

const round = (n: number): RunEvent => ({ kind: 'round-started', round: n, planned: 30 });
const step = (n: number): RunEvent => ({ kind: 'step', step: n, client: 0, loss: 0.5, samples: 64 });
const scored = (n: number): RunEvent => ({
  kind: 'scored',
  evaluation: { round: n, steps: 10 * n, samples: 640 * n, trainingBytes: 0, testLoss: 0.231, metrics: {} },
});

describe('the progress of epochs', () => {
  it.each([80, 57])(
    'is one line that moves on a terminal of %s columns, and one that stays for each epoch',
    (columns) => {
      const { written, progress, at } = shown({ isTTY: true, columns });
      progress.onEvent(round(0));
      for (let n = 1; n <= 7; n++) {
        at(500 * n);
        progress.onEvent(step(n));
      }
      const moving = written.filter((text) => text.startsWith('\r'));
      expect(moving).toHaveLength(7);
      const lines = moving.map((text) => text.replace('\r', '').replace('\x1b[K', ''));
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(columns);
      expect(lines.at(-1)).toContain('epoch 1/3 ##############------ 7/10');
      if (columns === 80) expect(lines.at(-1)).toContain('ETA 0:12');
      progress.onEvent(scored(1));
      expect(written.at(-2)).toBe('\r\x1b[K');
      expect(written.at(-1)).toBe('epoch 1/3  loss 0.500  accuracy 91.0 %  AUC 0.953  test loss 0.231  3.5 s\n');
    },
  );

  it('is one plain line an epoch elsewhere', () => {
    const { written, progress, at } = shown({ isTTY: false, columns: 0 }, 'accuracy 91.0 %  test loss 0.231');
    progress.onEvent(round(0));
    at(2000);
    for (let n = 1; n <= 10; n++) progress.onEvent(step(n));
    progress.onEvent({ kind: 'evaluating', samples: 100 });
    at(9000);
    progress.onEvent(scored(1));
    // The time of the test counts as time, not as speed.
    expect(written).toEqual(['epoch 1/3  loss 0.500  accuracy 91.0 %  test loss 0.231  320 rows/s  9.0 s\n']);
  });
});
