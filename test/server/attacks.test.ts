import { describe, expect, it } from 'vitest';
import fourData from '../../bench/campaigns/attacks/four-data.js';
import four from '../../bench/campaigns/attacks/four-task.js';
import { attacks } from '../../bench/campaigns/attacks/list.js';
import { doorOptions } from '../../cli/door-flags.js';
import { connect } from '../../client/node/join.js';
import { participate } from '../../client/participate.js';
import { serve } from '../../server/serve.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';

/** Flags of `serve` as options, as far as attacks need them. */
function optionsOf(flags: readonly string[]) {
  const named = flags.flatMap((flag, i) => {
    const value = flags[i + 1] ?? '';
    const name = flag.slice(2).replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    return flag.startsWith('--')
      ? [[withUnit[name] ?? name, Number.isNaN(Number(value)) ? value : Number(value)] as const]
      : [];
  });
  return doorOptions(Object.fromEntries(named));
}

/** Options carry the unit that a flag leaves to its help. */
const withUnit: Readonly<Record<string, string>> = { deadline: 'deadlineSeconds', grace: 'graceSeconds' };

describe('an attack', () => {
  const played = attacks.flatMap(({ name, flags, client }) => (client ? [{ name, flags, client }] : []));

  it.each(played)('$name speaks the protocol of today up to where it attacks', async ({ flags, client }) => {
    const engine = await chooseEngine('tfjs');
    const options = { ...optionsOf(flags), epochs: 1 } as { readonly clients?: number };
    const server = await serve({ task: four, ...options, graceSeconds: 0, loadedEngine: engine });
    void server.finished.catch(() => undefined);
    const others = Array.from({ length: (options.clients ?? 1) - 1 }, async () => {
      const transport = await connect(server.url);
      for await (const _ of participate({ transport, data: fourData(), engine }));
    });
    void Promise.allSettled(others);
    const reached = await new Promise<unknown>((resolve) => {
      client(server.url, () => resolve(true)).then(resolve, resolve);
    });
    expect(reached).toBe(true);
    await server.close();
    await Promise.allSettled(others);
  });

  it('has a name of its own', () => {
    expect(new Set(attacks.map(({ name }) => name)).size).toBe(attacks.length);
  });
});
