import { TandemError } from '../errors.js';
import { createRng } from '../rng.js';
import { limited, originOf, subset, type ClientData, type Dataset } from './dataset.js';

/** How training samples are dealt to clients. */
export type Partition =
  | { readonly kind: 'iid' }
  /** Sorted by label and cut into `perClient` shards a client (McMahan et al., 2017, arXiv:1602.05629). */
  | { readonly kind: 'shards'; readonly perClient: number }
  /** Label shares drawn from a Dirichlet distribution (Hsu et al., 2019, arXiv:1909.06335). */
  | { readonly kind: 'dirichlet'; readonly alpha: number };

/** Shares that are drawn within a second or so. */
const MOST_SHARES = 1e7;

/** Reads `iid`, `shards:2` or `dirichlet:0.1`. Throws BAD_OPTION. */
export function parsePartition(text: string): Partition {
  const [kind, argument] = text.split(':');
  const value = Number(argument);
  if (kind === 'iid' && argument === undefined) return { kind };
  if (kind === 'shards' && Number.isInteger(value) && value > 0) return { kind, perClient: value };
  if (kind === 'dirichlet' && value > 0 && Number.isFinite(value)) return { kind, alpha: value };
  throw new TandemError('BAD_OPTION', `unknown partition '${text}'`, 'use iid, shards:N or dirichlet:ALPHA');
}

/** Deals the rows of a data set; every row goes to exactly one client. Throws BAD_DATA when a client would get none. */
export function partitionRows(dataset: Dataset, clients: number, partition: Partition, seed: number): Int32Array[] {
  // A client is told these numbers by its server: none is counted to that its rows do not bear out.
  if (clients > dataset.size) throw getsNone(dataset.size, clients, dataset.size);
  const parts = deal(dataset, clients, partition, seed).map((rows) =>
    rows instanceof Int32Array ? rows : Int32Array.from(rows),
  );
  const empty = parts.findIndex((rows) => rows.length === 0);
  if (empty >= 0) throw getsNone(empty, clients, dataset.size);
  return parts;
}

function getsNone(client: number, clients: number, samples: number): TandemError {
  const what = `client ${client} of ${clients} gets none of the ${samples} samples`;
  return new TandemError('BAD_DATA', what, 'use fewer clients, more samples, or a milder partition');
}

export interface Deal {
  readonly clients: number;
  readonly partition: string;
  /** Training samples dealt; all when left out. */
  readonly limit: number | undefined;
  readonly seed: number;
}

/** Everybody's data, one part a client; the same on every machine that knows the run's seed. */
export function dealData({ train, test }: ClientData, { clients, partition, limit, seed }: Deal): ClientData[] {
  const dealt = limited(train, limit);
  return partitionRows(dealt, clients, parsePartition(partition), seed).map((rows, index) => ({
    train: subset(dealt, rows),
    ...(test ? { test: subset(test, testRows(test.size, index, clients)) } : {}),
  }));
}

/** The test samples of one client, every count-th: test sets are not shuffled, so shards join to the same whole for every seed. */
export function testRows(size: number, index: number, count: number): Int32Array {
  return Int32Array.from({ length: Math.max(0, Math.ceil((size - index) / count)) }, (_, i) => index + i * count);
}

function deal(
  dataset: Dataset,
  clients: number,
  partition: Partition,
  seed: number,
): readonly (readonly number[] | Int32Array)[] {
  switch (partition.kind) {
    case 'iid':
      return dealEvenly(dataset.size, clients, seed);
    case 'shards':
      return dealShards(dataset, clients, partition.perClient, seed);
    case 'dirichlet':
      return dealDirichlet(dataset, clients, partition.alpha, seed);
  }
}

/** Throws BAD_DATA where a data set of the user's cannot say it. */
function labelOf(dataset: Dataset, row: number): number {
  try {
    return dataset.label(row);
  } catch (error) {
    if (error instanceof TandemError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new TandemError('BAD_DATA', `label(${originOf(dataset, row)}) of the training data fails: ${reason}`);
  }
}

function dealEvenly(size: number, clients: number, seed: number): Int32Array[] {
  // A lone client keeps the order its data have, so that it trains exactly as the undivided baseline does.
  const order =
    clients === 1 ? Int32Array.from({ length: size }, (_, i) => i) : createRng('partition', seed).permutation(size);
  return roundRobin(order, clients);
}

function dealShards(dataset: Dataset, clients: number, perClient: number, seed: number): number[][] {
  if (clients * perClient > dataset.size) {
    const what = `shards:${perClient} of ${clients} clients are ${clients * perClient} shards, and there are ${dataset.size} samples`;
    throw new TandemError('BAD_DATA', what, 'use fewer shards, or more samples');
  }
  const rng = createRng('partition', seed);
  const sorted = Array.from(rng.permutation(dataset.size)).sort((a, b) => labelOf(dataset, a) - labelOf(dataset, b));
  const count = clients * perClient;
  const shard = (i: number) => sorted.slice(Math.floor((i * size) / count), Math.floor(((i + 1) * size) / count));
  const size = sorted.length;
  const order = Array.from(rng.permutation(count));
  return Array.from({ length: clients }, (_, client) =>
    order.slice(client * perClient, (client + 1) * perClient).flatMap(shard),
  );
}

function dealDirichlet(dataset: Dataset, clients: number, alpha: number, seed: number): number[][] {
  const rng = createRng('partition', seed);
  const byLabel = new Map<number, number[]>();
  for (const row of rng.permutation(dataset.size)) {
    const label = labelOf(dataset, row);
    const rows = byLabel.get(label);
    if (rows) rows.push(row);
    else byLabel.set(label, [row]);
  }
  if (clients * byLabel.size > MOST_SHARES) {
    const what = `dirichlet draws a share of each of ${byLabel.size} labels for each of ${clients} clients`;
    throw new TandemError('BAD_DATA', what, `use iid, or fewer of both: ${MOST_SHARES} shares at most`);
  }
  const parts: number[][] = Array.from({ length: clients }, () => []);
  for (const label of [...byLabel.keys()].sort((a, b) => a - b)) {
    const rows = byLabel.get(label) ?? [];
    const shares = Array.from({ length: clients }, () => rng.gamma(alpha));
    const total = shares.reduce((sum, share) => sum + share, 0);
    let taken = 0;
    let cumulated = 0;
    parts.forEach((part, client) => {
      cumulated += (shares[client] ?? 0) / total;
      const end = client === clients - 1 ? rows.length : Math.round(cumulated * rows.length);
      for (let i = taken; i < end; i++) part.push(rows[i] ?? -1);
      taken = Math.max(taken, end);
    });
  }
  return parts;
}

function roundRobin(order: Int32Array, clients: number): Int32Array[] {
  return Array.from({ length: clients }, (_, client) =>
    testRows(order.length, client, clients).map((i) => order[i] ?? 0),
  );
}
