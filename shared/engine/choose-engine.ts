import { TandemError } from '../errors.js';
import { checkFields } from '../fields/check-fields.js';
import { callable, choice, optional, text, type Fields } from '../fields/rules.js';
import type { OnLoading } from '../read-body.js';
import type { Engine } from './engine.js';

export const engineNames = ['auto', 'onnx', 'tfjs'] as const;
export type EngineName = (typeof engineNames)[number];

export interface ChooseEngineOptions {
  /** Told in one line when something runs more slowly than it might. */
  readonly onNotice?: (text: string) => void;
  /** Told in one line how long compiling a part of a model took. */
  readonly onCompiled?: (text: string) => void;
  /** Where a page finds the wasm files of onnxruntime-web and of tfjs, ending in `/`; by default its bundler knows. */
  readonly wasmFiles?: string;
  /** In a page with `wasmFiles`: told how much of them has come. */
  readonly onLoading?: OnLoading;
  /** Whether the compiled engine gives segments a thread of their own in Node; by default those with heavy steps. */
  readonly workers?: 'auto' | 'always' | 'never';
  /** Instead of the compiled engine that comes with Tandem. */
  readonly loadOnnx?: (options: ChooseEngineOptions) => Promise<Engine>;
}

const chooseEngineFields = {
  onNotice: optional(callable),
  onCompiled: optional(callable),
  wasmFiles: optional(text),
  onLoading: optional(callable),
  workers: optional(choice(['auto', 'always', 'never'])),
  loadOnnx: optional(callable),
} satisfies Fields<ChooseEngineOptions>;

/**
 * Loads an engine; `auto` takes the compiled one where it loads, else tfjs. Engines are loaded lazily: a page pays for
 * the one it uses. Throws BAD_OPTION for an unknown name, MISSING where the engine asked for does not load.
 */
export async function chooseEngine(name = 'auto', options: ChooseEngineOptions = {}): Promise<Engine> {
  checkFields('chooseEngine()', options, chooseEngineFields);
  switch (name) {
    case 'auto':
      return loadOnnx(options).catch((error: unknown) => insteadOfOnnx(error, options));
    case 'onnx':
      return loadOnnx(options).catch((error: unknown) => {
        throw new TandemError(
          'MISSING',
          `ONNX Runtime does not load: ${reasonOf(error)}`,
          'run: npm install onnxruntime-node onnxruntime-web, or use --engine tfjs',
        );
      });
    case 'tfjs':
      return loadTfjs(options);
    default:
      throw new TandemError('BAD_OPTION', `unknown engine '${name}'`, `use one of: ${engineNames.join(', ')}`);
  }
}

async function loadOnnx(options: ChooseEngineOptions): Promise<Engine> {
  if (options.loadOnnx) return options.loadOnnx(options);
  const { createOnnxEngine } = await import('./onnx/onnx-engine.js');
  return createOnnxEngine(options);
}

/** People learn why the faster one is not used; what tfjs itself has to say comes after it. */
async function insteadOfOnnx(error: unknown, options: ChooseEngineOptions): Promise<Engine> {
  const engine = await loadTfjs(options);
  const why = `ONNX Runtime does not load (${reasonOf(error)}); ${engine.label} is used instead`;
  return { ...engine, notice: engine.notice === undefined ? why : `${why}. ${engine.notice}` };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function loadTfjs({ wasmFiles }: ChooseEngineOptions): Promise<Engine> {
  const { createTfjsEngine } = await import('./tfjs/tfjs-engine.js');
  return createTfjsEngine({ wasmFiles });
}
