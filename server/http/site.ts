import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { RunSettings } from '../../shared/config.js';
import { TandemError } from '../../shared/errors.js';
import { built } from './built-files.js';
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
 * Everything a browser is sent: pages, the client for pages of one's own, engines' wasm files, data offered to
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
  return wantsInvite ? card : { ...card, task, topology: topology.name, schedule: schedule.name, clients };
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

function dataFiles(folder: string): string[] {
  const files = DATA_FILES.map((name) => join(folder, name)).filter(existsSync);
  if (files.filter((file) => file.includes('train-')).length === 2) return files;
  throw new TandemError(
    'BAD_DATA',
    `${folder} has no train-images-idx3-ubyte and train-labels-idx1-ubyte`,
    'give --offer-data mnist, or a folder of unpacked idx files under these names',
  );
}
