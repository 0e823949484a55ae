import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { join } from '../../client/node/join.js';
import { createOnnxEngine } from '../../shared/engine/onnx/onnx-engine.js';
import { maxAbsDifference, type NdArray } from '../../shared/ndarray.js';
import { serve } from '../../server/serve.js';
import { tinyData, tinyTask } from '../helpers/tiny-task.js';
import { openBrowserPage, skipsBrowser, type BrowserPage } from './browser-page.js';
import type { PageTests } from './page.js';
import { wholeSuite } from '../helpers/whole-suite.js';

const SEED = 20_011;
const TOLERANCE = 1e-4;

let browser: BrowserPage;

/** Calls one of the page's tests there. */
function inPage<Name extends keyof PageTests>(name: Name, ...args: Parameters<PageTests[Name]>) {
  return browser.page.evaluate(
    ([test, given]) => {
      const { tandemTests } = globalThis as unknown as { tandemTests: Record<string, (...args: unknown[]) => unknown> };
      return tandemTests[test]?.(...given);
    },
    [name, args] as [string, unknown[]],
  ) as ReturnType<PageTests[Name]>;
}

describe.skipIf(skipsBrowser)('in a browser without a GPU', () => {
  beforeAll(async () => {
    browser = await openBrowserPage('--disable-gpu');
  });

  afterAll(() => browser.close());

  it('the engines are compiled wasm, with the reason, and tfjs wasm', async () => {
    const [auto, tfjs] = await inPage('labels');
    expect(auto?.label).toBe('onnx (wasm)');
    expect(auto?.notice).toMatch(/^ONNX Runtime computes on wasm: .*WebGPU/);
    expect(tfjs).toEqual({ label: 'tfjs (wasm)', notice: null });
  });

  it.runIf(wholeSuite)(`every layer and loss trains like tfjs cpu (seed ${SEED})`, async () => {
    const { label, notices, results } = await inPage('conformance', 'wasm', SEED);
    expect(label).toBe('onnx (wasm)');
    expect(notices).toEqual([]);
    expect(results.length).toBeGreaterThan(60);
    expect(results.filter(({ difference }) => !(difference <= TOLERANCE))).toEqual([]);
  });

  it('a tab trains as a Node client does, over a WebSocket', () => trainsAsInNode('wasm'));
});

/** Software stands in for the GPU: Chromium brings SwiftShader along. */
describe.skipIf(skipsBrowser)('in a browser with WebGPU', () => {
  beforeAll(async () => {
    browser = await openBrowserPage(
      '--enable-unsafe-webgpu',
      '--use-webgpu-adapter=swiftshader',
      '--enable-features=Vulkan',
    );
  });

  afterAll(() => browser.close());

  it('software is no reason to leave wasm', async () => {
    const [auto] = await inPage('labels');
    expect(auto).toEqual({ label: 'onnx (wasm)', notice: 'ONNX Runtime computes on wasm: WebGPU has no GPU here' });
  });

  const tried: string[] = [];

  // Every third case, in two halves: software takes long over each.
  it.each(wholeSuite ? [2, 5] : [])(
    `layers and losses train like tfjs cpu, each sixth from %i on (seed ${SEED})`,
    async (first) => {
      const { label, notices, results } = await inPage('conformance', 'webgpu', SEED, 6, first);
      expect(label).toBe('onnx (webgpu)');
      expect(notices, 'nothing leaves the GPU').toEqual([]);
      expect(results.filter(({ difference }) => !(difference <= TOLERANCE))).toEqual([]);
      tried.push(...results.map(({ name }) => name));
    },
  );

  it.runIf(wholeSuite)('those were tried that WebGPU does not take as they are: without a bias, and in groups', () => {
    expect(tried).toEqual(expect.arrayContaining(['conv2d, same', 'depthwiseConv2d']));
    expect(tried.length).toBeGreaterThan(20);
  });

  it(`two segments train at once (seed ${SEED})`, async () => {
    const differences = await inPage('together', 'webgpu', SEED);
    expect(differences).toHaveLength(2);
    expect(Math.max(...differences)).toBeLessThanOrEqual(TOLERANCE);
  });

  it.runIf(wholeSuite)('a tab trains as a Node client does, over a WebSocket', () => trainsAsInNode('webgpu'));
});

async function trainsAsInNode(runtime: 'wasm' | 'webgpu'): Promise<void> {
  const settings = { task: tinyTask, seed: 11, schedule: 'sequential', engine: 'onnx' } as const;
  const forTab = await serve(settings);
  const losses = await inPage('train', forTab.url, runtime);
  const forNode = await serve(settings);
  const found: number[] = [];
  const loadedEngine = await createOnnxEngine();
  for await (const { loss } of join(forNode.url, { data: tinyData(), loadedEngine })) found.push(loss);
  expect(losses).toHaveLength(12);
  expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
  const weights = [await forTab.finished, await forNode.finished].map(({ trained }) => trained.weights);
  weights[0]?.forEach((weight, i) => {
    expect(maxAbsDifference(weight, weights[1]?.[i] as NdArray)).toBeLessThan(1e-3);
  });
}
