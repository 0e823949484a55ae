import { afterEach, describe, expect, it, vi } from 'vitest';
import { tellLost } from '../../cli/outcome.js';
import { runReport } from '../../cli/report.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { simulate } from '../../simulator/simulate.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';

const lost = [
  { client: 2, code: 'BAD_LABEL', message: "a label is out of the task's range, row 417 of its data", step: 8 },
  { client: 4, code: 'LINK_LOST', message: 'the link was lost', step: 0 },
] as const;

describe('the end of a run that has lost clients', () => {
  afterEach(() => {
    vi.restoreAllMocks();
    process.exitCode = undefined;
  });

  function told(clients: typeof lost | readonly [], strict: boolean): string {
    const written: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0);
    tellLost(clients, strict);
    return written.join('');
  }

  it('names each, and is a success', () => {
    const lines = told(lost, false);
    expect(lines).toMatch(/^tandem: the run lost client 2 after 8 of its steps: a label .* row 417 .*\(BAD_LABEL\)$/m);
    expect(lines).toMatch(/^tandem: the run lost client 4 after 0 of its steps: the link was lost \(LINK_LOST\)$/m);
    expect(process.exitCode).toBeUndefined();
  });

  it('is a failure with --strict', () => {
    expect(told(lost, true)).toMatch(/^tandem: 2 clients were lost, and --strict asks for all: .* \(CLIENT_LOST\)$/m);
    expect(process.exitCode).toBe(1);
  });

  it('is neither where nobody was lost', () => {
    expect(told([], true)).toBe('');
    expect(process.exitCode).toBeUndefined();
  });

  it('has them in its table', async () => {
    const loadedEngine = await chooseEngine('tfjs');
    const data = tinyData();
    const { summary, clients } = await simulate({
      task: tinyTask,
      data,
      loadedEngine,
      clients: 1,
      transport: 'loopback',
    });
    expect(runReport(summary, clients)).not.toContain('lost');
    expect(runReport({ ...summary, lost }, clients)).toMatch(/client 2 .* lost after 8 steps \(BAD_LABEL\)/);
  });
});
