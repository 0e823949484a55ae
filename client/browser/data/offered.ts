import type { ClientData } from '../../../shared/data/dataset.js';
import { idxDataset, parseIdx } from '../../../shared/data/idx.js';
import type { OfferedFacts } from '../../../shared/data/offered.js';
import { TandemError } from '../../../shared/errors.js';
import type { NdArray } from '../../../shared/ndarray.js';
import { loadingTogether, readBody, type OnLoading } from '../../../shared/read-body.js';
import type { LoadedSource } from './load-source.js';

/** A share is fetched when the run is on, where a network that is gone for a moment must not cost the part. */
const PAUSES_MS = [0, 500, 2_000];

/** What a server offers below `folder`: a sample of it at once, and the rows of one's own place when that is known. */
export async function loadOffered(folder: string, onLoading?: OnLoading): Promise<LoadedSource> {
  const answer = await get(`${folder}about.json`);
  if (!answer.ok) throw nothingThere();
  const { samples, testSamples } = (await answer.json()) as OfferedFacts;
  const data = await fetchPart(`${folder}sample/`);
  if (!data) throw nothingThere();
  return {
    data,
    classes: null,
    shareSizes: { samples: samples[0] ?? 0, testSamples },
    share: (client) => patiently(() => fetchPart(`${folder}${client}/`, onLoading)),
  };
}

async function patiently(load: () => Promise<ClientData | undefined>): Promise<ClientData> {
  let last: unknown = nothingThere();
  for (const pause of PAUSES_MS) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    try {
      const data = await load();
      if (data) return data;
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

/** idx files under the names of MNIST's. */
async function fetchPart(folder: string, onLoading: OnLoading = () => undefined): Promise<ClientData | undefined> {
  const one = loadingTogether(onLoading);
  const part = async (name: string) => {
    const [images, labels] = await Promise.all([
      fetchIdx(`${folder}${name}-images-idx3-ubyte`, one()),
      fetchIdx(`${folder}${name}-labels-idx1-ubyte`, one()),
    ]);
    return images && labels && idxDataset(images, labels);
  };
  const [train, test] = await Promise.all([part('train'), part('t10k')]);
  return train && (test ? { train, test } : { train });
}

async function fetchIdx(url: string, onLoading: OnLoading): Promise<NdArray | undefined> {
  const response = await get(url);
  return response.ok ? parseIdx(await readBody(response, 'your share of the data', onLoading)) : undefined;
}

async function get(url: string): Promise<Response> {
  return fetch(url).catch(() => {
    throw new TandemError('UNREACHABLE', `the data at ${url} cannot be had`);
  });
}

function nothingThere(): TandemError {
  return new TandemError('BAD_DATA', 'the server offers no data', 'use data of your own');
}
