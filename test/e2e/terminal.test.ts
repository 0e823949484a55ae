import { describe, expect, it } from 'vitest';
import { hasTerminal, onTerminal } from '../helpers/on-terminal.js';
import { wholeSuite } from '../helpers/whole-suite.js';

describe.skipIf(!hasTerminal)('on a terminal', () => {
  it('a server says where to join before anybody has', async () => {
    const said = await onTerminal('serve --port 0 --task mnist-mlp', { until: 'look at the run' });
    expect(said).toMatch(
      /serving 'mnist-mlp' at ws:[^]*join in a browser: http:\S+\/join[^]*█[^]*look at the run: http:/,
    );
  });

  it.runIf(wholeSuite)('a simulation says after its end that the dashboard stays', async () => {
    const flags = '--task mnist-mlp --clients 1 --steps 2 --limit 100 --dashboard --keep';
    const said = await onTerminal(`simulate ${flags}`, { until: 'stays until Ctrl-C' });
    expect(said).toMatch(/test accuracy[^]*stays until Ctrl-C/);
  });
});
