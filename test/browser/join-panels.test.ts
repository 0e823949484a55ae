import { describe, expect, it } from 'vitest';
import { resolveRun } from '../../shared/config.js';
import { estimatePart } from '../../shared/part-estimate.js';
import type { PartPlan } from '../../shared/run-card.js';
import { LeaveGuard } from '../../web/join/leave-guard.js';
import { loadingText } from '../../web/join/loading-panel.js';
import { spanText } from '../../web/join/elements.js';
import { withheldText } from '../../web/join/withheld.js';
import { tinyTask } from '../helpers/tiny-task.js';

const plan: PartPlan = {
  inputs: [],
  labels: [],
  sends: 'smashed data and labels',
  weights: 7,
  bytes: { step: { up: 13, down: 11 }, test: { up: 5, down: 3 }, round: 1000 },
  batch: resolveRun(tinyTask, { batch: 10 }).batch,
  epochs: 3,
  steps: null,
  roundSteps: null,
  evaluateEvery: null,
  limit: null,
};

describe('what a part will come to', () => {
  it('is counted by samples, tests and rounds', () => {
    // Three epochs of 47 samples in 5 steps each; one test at the end.
    expect(estimatePart(plan, 4, { samples: 47, testSamples: 9 })).toEqual({
      steps: 15,
      rounds: 3,
      bytes: { up: 3 * 47 * 13 + 9 * 5 + 3 * 1000, down: 3 * 47 * 11 + 9 * 3 + 4 * 1000 },
    });
  });

  it('ends at whichever comes first, with the steps of a round', () => {
    const bounded = { ...plan, steps: 29, roundSteps: 2, evaluateEvery: 2 };
    // 8 of the 29 steps are this client's: 47 samples, then three batches more; tests after rounds 2 and 4.
    expect(estimatePart(bounded, 4, { samples: 47, testSamples: 2 })).toEqual({
      steps: 8,
      rounds: 4,
      bytes: { up: 77 * 13 + 2 * 2 * 5 + 4 * 1000, down: 77 * 11 + 2 * 2 * 3 + (4 + 2) * 1000 },
    });
    const open = { ...plan, bytes: { ...plan.bytes, step: null } };
    expect(estimatePart(open, 1, { samples: 5, testSamples: 0 }).bytes).toBeNull();
  });
});

describe('what is said while something loads', () => {
  it('has a total and what is left of it, where they are known', () => {
    const what = 'what computes';
    expect(loadingText({ what, bytes: 3_500_000, of: 14_000_000 }, 7_000)).toBe(
      'Loading what computes: 3.5 of 14.0 MB, about 21 s left.',
    );
    expect(loadingText({ what, bytes: 0, of: 14_000_000 }, 7_000)).toBe('Loading what computes: 0.0 of 14.0 MB.');
    expect(loadingText({ what, bytes: 910_000, of: null }, 7_000)).toBe('Loading what computes: 0.9 MB.');
    expect([0.2, 89, 400, 9_000].map(spanText)).toEqual(['about 1 s', 'about 89 s', 'about 7 min', 'about 2.5 h']);
  });
});

describe('leaving the page', () => {
  it('is asked about only while it would end something', () => {
    const page = new EventTarget();
    const guard = new LeaveGuard(page);
    const isAsked = () => !page.dispatchEvent(new Event('beforeunload', { cancelable: true }));
    expect(isAsked()).toBe(false);
    guard.set(true);
    expect(isAsked()).toBe(true);
    guard.set(false);
    expect(isAsked()).toBe(false);
  });

  it('says beforehand what plain http costs', () => {
    expect(withheldText({ isSecureContext: true })).toBeNull();
    expect(withheldText({ isSecureContext: false })).toMatch(/not kept.*no camera.*threads.*--lan/);
  });
});
