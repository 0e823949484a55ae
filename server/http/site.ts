import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { TandemError } from '../../shared/errors.js';
import { built } from './built-files.js';
import { Pages } from './pages.js';

export interface SiteOptions {
  readonly pages?: string | undefined;
  readonly showCertificate?: boolean;
  readonly tlsCert?: string | undefined;
}

const BUILT_PAGES = ['dashboard', 'join', 'client'];

/**
 * Everything a browser is sent: pages, the client for custom pages, engines' wasm files, and below `/pages/` the operator's own
 * folder. Throws BAD_DATA.
 */
export function sitePages({ pages, showCertificate = false, tlsCert }: SiteOptions = {}): Pages {
  const certificate = showCertificate && tlsCert !== undefined ? [tlsCert] : [];
  const files = { '/wasm/': wasmFiles(), '/certificate/': certificate };
  if (pages === undefined) return new Pages('dashboard', BUILT_PAGES, files);
  if (!statSync(pages, { throwIfNoEntry: false })?.isDirectory())
    throw new TandemError('BAD_DATA', `there is no folder ${pages}`, 'check --pages');
  return new Pages('dashboard', BUILT_PAGES, files, { '/pages/': pages });
}

/** Of ONNX Runtime as it comes with Tandem, and of tfjs as it is installed here. */
function wasmFiles(): string[] {
  return [
    ...filesOf(built('vendored'), /^(ort-.*\.wasm)(\.br)?$/),
    ...filesOf(join(packageFolder('@tensorflow/tfjs-backend-wasm'), 'dist'), /^(tfjs-backend-wasm.*\.wasm)$/),
  ];
}

/** The first group of `wanted` is the name; the package has some files in a compressed form only. */
function filesOf(folder: string, wanted: RegExp): string[] {
  // What is not there is answered as not found.
  if (!existsSync(folder)) return [];
  const names = new Set(readdirSync(folder).flatMap((name) => wanted.exec(name)?.[1] ?? []));
  return [...names].map((name) => join(folder, name));
}

function packageFolder(name: string): string {
  const main = createRequire(import.meta.url).resolve(name);
  return main.slice(0, main.lastIndexOf(join('node_modules', name)) + join('node_modules', name).length);
}
