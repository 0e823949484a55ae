/** What the test page runs: everything from `shared/` and `client/browser`, bundled, with nothing of Node. */
import * as tf from '@tensorflow/tfjs';
import { AligningParty } from '../../client/alignment/aligning-party.js';
import { connect, join } from '../../client/browser/join.js';
import { createBlinder } from '../../shared/alignment/blinder.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import type { Engine } from '../../shared/engine/engine.js';
import { createOnnxEngine } from '../../shared/engine/onnx/onnx-engine.js';
import { Link } from '../../shared/protocol/link.js';
import { engineCases, lossCases } from '../conformance/engine-cases.js';
import {
  dense,
  largestDifference,
  optionsFor,
  reference,
  trainInside,
  trainWithLoss,
  type Trail,
} from '../conformance/engine-harness.js';
import { tinyData } from '../helpers/tiny-task.js';
import { fileCalls } from './page-files.js';
import { storeCalls } from './page-stores.js';

/** Served by browser-page.ts. */
const wasmFiles = '/wasm/';

export interface CaseResult {
  readonly name: string;
  /** The largest relative difference to tfjs on its cpu backend, and where it is. */
  readonly difference: number;
  readonly at: string;
}

const tests = {
  ...storeCalls,
  ...fileCalls,

  /** One in `stride`, from `first` on, of those cases of the conformance suite that tfjs's cpu backend can judge. */
  async conformance(runtime: 'wasm' | 'webgpu', seed: number, stride = 1, first = 0) {
    const notices: string[] = [];
    let running = '';
    const onNotice = (text: string) => notices.push(`${running}: ${text}`);
    const engine = await createOnnxEngine({ runtime, wasmFiles, onNotice });
    await tf.setBackend('cpu');
    const compare = async (name: string, run: (engine: Engine) => Promise<Trail>): Promise<CaseResult> => {
      running = name;
      try {
        return { name, ...largestDifference(await run(engine), await run(reference)) };
      } catch (error) {
        return { name, difference: Infinity, at: String(error) };
      }
    };
    const results: CaseResult[] = [];
    const judged = engineCases.filter(({ oracle }) => oracle === undefined);
    for (const testCase of judged.filter((_, i) => i % stride === first)) {
      const options = optionsFor(testCase, seed);
      results.push(await compare(testCase.name, (each) => trainInside(each, options, testCase.vocabulary)));
    }
    for (const lossCase of lossCases.filter((_, i) => i % stride === first)) {
      const options = { ...optionsFor(dense(lossCase.units), seed), loss: lossCase.loss };
      results.push(await compare(`loss ${lossCase.name}`, (each) => trainWithLoss(each, options, lossCase)));
    }
    return { label: engine.label, notices, results };
  },

  /** Two segments that train at once, as the clients of a simulation do. */
  async together(runtime: 'wasm' | 'webgpu', seed: number) {
    const engine = await createOnnxEngine({ runtime, wasmFiles });
    await tf.setBackend('cpu');
    const options = [3, 5].map((units, i) => optionsFor(dense(units), seed + i));
    const found = await Promise.all(options.map((each) => trainInside(engine, each)));
    const expected: Trail[] = [];
    for (const each of options) expected.push(await trainInside(reference, each));
    return found.map((trail, i) => largestDifference(trail, expected[i] as Trail).difference);
  },

  /** What `auto` and `tfjs` come to here. */
  async labels() {
    const engines = [await chooseEngine('auto', { wasmFiles }), await chooseEngine('tfjs', { wasmFiles })];
    return engines.map(({ label, notice }) => ({ label, notice: notice ?? null }));
  },

  /** Takes part in a run with the made-up data of the tiny task; answers the losses. */
  async train(url: string, runtime: 'wasm' | 'webgpu') {
    const loadedEngine = await createOnnxEngine({ runtime, wasmFiles });
    const losses: number[] = [];
    for await (const { loss } of join(url, { data: tinyData(), loadedEngine })) losses.push(loss);
    return losses;
  },

  /** Aligns its rows with other parties; answers them in the common order, and what blinds here. */
  async align(url: string, ids: string[]) {
    const blinder = await createBlinder();
    const party = await AligningParty.open({ ids, blinder });
    const link = new Link(await connect(url));
    for await (const message of link.messages()) {
      link.send(await party.answer(message));
      if (party.rows) break;
    }
    link.close();
    return { rows: [...(party.rows ?? [])], blinder: blinder.kind };
  },
};

export type PageTests = typeof tests;

(globalThis as unknown as { tandemTests: PageTests }).tandemTests = tests;
