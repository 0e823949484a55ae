import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { layerNets, registeredLayers } from '../../bench/layers/layer-nets.js';
import { withLayerTable, type LayerResults } from '../../bench/layers/render-layers.js';
import { places, tryLayer } from '../../bench/layers/try-layer.js';

const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
const results = JSON.parse(await read('bench/results/layers.json')) as LayerResults;

describe('the table of all layers', () => {
  it('has every layer that tfjs registers, and no other', () => {
    expect(Object.keys(layerNets).sort()).toEqual(registeredLayers());
    const tried = Object.entries(layerNets).flatMap(([name, net]) => (typeof net === 'string' ? [] : [name]));
    expect(Object.keys(results.layers)).toEqual(tried);
  });

  it('stands in the docs as it was measured', async () => {
    const page = await read('docs/cutting.md');
    expect(withLayerTable(page, results)).toBe(page);
  });

  it('has no layer that differs in silence, or that fails with what nobody had foreseen', () => {
    const outcomes = Object.values(results.layers).flatMap((at) => Object.values(at));
    expect(outcomes.filter(({ kind }) => kind === 'differs')).toEqual([]);
    expect(outcomes.filter((outcome) => outcome.kind === 'refused' && outcome.code === 'INTERNAL')).toEqual([]);
    expect(outcomes.filter(({ kind }) => kind === 'exact').length).toBeGreaterThan(150);
  });
});

/** Weights, a draw, a join, tokens, a model within the model, and a refusal. */
const sample = ['Conv2DTranspose', 'GaussianNoise', 'Dot', 'Embedding', 'Sequential', 'Masking'];

describe.each(sample)('%s is as the table says', (name) => {
  it.each(places)('cut %s it', async (place) => {
    const net = layerNets[name];
    if (!net || typeof net === 'string') throw new Error(`there is no net for ${name}`);
    expect(await tryLayer(net, place)).toEqual(results.layers[name]?.[place]);
  });
});
