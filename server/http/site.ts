import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { RunSettings } from '../../shared/config.js';
import { TandemError } from '../../shared/errors.js';
import { Pages } from './pages.js';

/** What the join page is told before anybody has come in. */
export interface RunCard {
  /** Whether there are data for everybody below `/data/`. */
  readonly offersData: boolean;
  /** Whether nobody comes in without an invite. */
  readonly wantsInvite: boolean;
  /** Whether it gives its merged model to who trains, when it is over. */
  readonly sharesModel: boolean;
  /** Only where no invite is asked for. */
  readonly task?: string;
  readonly topology?: string;
  readonly schedule?: string;
  readonly clients?: number;
}

export interface SiteOptions {
  readonly offerData?: string | undefined;
  readonly pages?: string | undefined;
}

const BUILT_PAGES = ['dashboard', 'join', 'client'];

/** Files of an idx data set, under the names of MNIST's. */
const DATA_FILES = ['train', 't10k'].flatMap((part) => [`${part}-images-idx3-ubyte`, `${part}-labels-idx1-ubyte`]);

/**
 * Everything a browser is sent: pages, the client for pages of one's own, engines' wasm files from the packages installed here, data offered to
 * everybody, and below `/pages/` a folder of whoever runs the server. Throws BAD_DATA.
 */
export function sitePages({ offerData, pages }: SiteOptions = {}): Pages {
  const files = { '/wasm/': wasmFiles(), '/data/': offerData === undefined ? [] : dataFiles(offerData) };
  if (pages === undefined) return new Pages('dashboard', BUILT_PAGES, files);
  if (!statSync(pages, { throwIfNoEntry: false })?.isDirectory())
    throw new TandemError('BAD_DATA', `there is no folder ${pages}`, 'check --pages');
  return new Pages('dashboard', BUILT_PAGES, files, { '/pages/': pages });
}

export function runCard(
  task: string,
  { topology, schedule, clients }: RunSettings,
  options: Pick<SiteOptions, 'offerData'> & { readonly entry?: string | undefined; readonly shareModel?: boolean },
): RunCard {
  const wantsInvite = options.entry !== undefined;
  const { offerData, shareModel: sharesModel = false } = options;
  const card = { offersData: offerData !== undefined, wantsInvite, sharesModel };
  return wantsInvite ? card : { ...card, task, topology, schedule, clients };
}

function wasmFiles(): string[] {
  const { resolve } = createRequire(import.meta.url);
  const rootOf = (name: string) => {
    try {
      const main = resolve(name);
      return main.slice(0, main.lastIndexOf(join('node_modules', name)) + join('node_modules', name).length);
    } catch {
      // It is answered as not found.
      return undefined;
    }
  };
  const folders = ['onnxruntime-web', '@tensorflow/tfjs-backend-wasm'].map(rootOf);
  return folders.flatMap((folder) => {
    const files = folder === undefined ? '' : join(folder, 'dist');
    if (!existsSync(files)) return [];
    const wanted = readdirSync(files).filter((name) =>
      /^(ort-wasm-.*\.(mjs|wasm)|tfjs-backend-wasm.*\.wasm)$/.test(name),
    );
    return wanted.map((name) => join(files, name));
  });
}

function dataFiles(folder: string): string[] {
  const files = DATA_FILES.map((name) => join(folder, name)).filter(existsSync);
  if (files.filter((file) => file.includes('train-')).length === 2) return files;
  throw new TandemError(
    'BAD_DATA',
    `${folder} has no train-images-idx3-ubyte and train-labels-idx1-ubyte`,
    'give --offer-data mnist, or a folder of unpacked idx files under these names',
  );
}
