import type { Command } from 'commander';
import type { ClientSnapshot } from '../../client/checkpoints.js';
import type { OrderRecord } from '../../server/run/order-log.js';
import type { RunSnapshot } from '../../server/run/run-snapshot.js';
import type { Delivery } from '../../shared/session/delivery.js';
import { readFolder, type StoredFile } from '../../storage/read-folder.js';
import { fail, succeed } from '../outcome.js';
import { jsonFlag } from '../run-options.js';

export function addInspect(program: Command): void {
  program
    .command('inspect <folder>')
    .description('say what a state folder of serve or join holds')
    .addOption(jsonFlag())
    .addHelpText('after', '\nExample:\n  $ tandem inspect state\n')
    .action(run);
}

async function run(folder: string, { json }: { readonly json: boolean }): Promise<void> {
  try {
    const checkpoints = (await readFolder(folder)).map(describe);
    succeed(json, { folder, checkpoints }, checkpoints.map(sentence).join('\n'));
  } catch (error) {
    fail(error, json);
  }
}

/** What one may know of a checkpoint: no session's id, which would let its reader take the session over. */
function describe({ file, name, generation, bytes, content, trouble }: StoredFile) {
  const about = { file, generation, bytes, intact: content !== undefined };
  if (trouble?.code === 'BAD_VERSION') return { ...about, otherFormat: trouble.message };
  if (content === undefined) return about;
  if (name === 'order') return { ...about, order: ofOrder(content as OrderRecord) };
  return name === 'server'
    ? { ...about, server: ofServer(content as RunSnapshot) }
    : { ...about, client: ofClient(content as ClientSnapshot) };
}

function ofServer({ id, task, settings, run, parties, seconds }: RunSnapshot) {
  const { topology, schedule } = settings;
  const { round, steps, samples, failure } = run;
  const phase = failure ? 'failed' : run.phase;
  const clients = parties.map(({ client, steps: done, state, delivery, stored }) => ({
    client,
    steps: done,
    phase: state.phase,
    ...messages(delivery, stored),
  }));
  return { run: id, task, topology, schedule, phase, failure, round, steps, samples, seconds, clients };
}

function ofOrder({ run, from, clients }: OrderRecord) {
  return { run, from, steps: clients.length };
}

function ofClient({ state, delivery, stored, over }: ClientSnapshot) {
  const { run = '', task = '', client = 0 } = state.welcome ?? {};
  return { run, task, client, step: state.step, phase: state.phase, over, ...messages(delivery, stored) };
}

function messages({ sent, received, kept }: Delivery, durable: number) {
  const keptBytes = kept.reduce((sum, { bytes }) => sum + bytes.length, 0);
  return { sent, received, durable, kept: kept.length, keptBytes };
}

function sentence(checkpoint: ReturnType<typeof describe>): string {
  const head = `${checkpoint.file}, ${checkpoint.bytes.toLocaleString('en')} bytes`;
  if ('server' in checkpoint) {
    const { task, topology, schedule, phase, failure, round, steps, clients } = checkpoint.server;
    const each = clients.map(
      ({ client, steps: done, kept }) => `  client ${client}: ${done} steps, ${kept} messages kept`,
    );
    const what = `'${task}', ${topology}, ${schedule}: ${phase}, round ${round}, ${steps} steps`;
    const why = failure ? [`  it failed: ${failure.message} (${failure.code})`] : [];
    return [`${head}: ${what}`, ...why, ...each].join('\n');
  }
  if ('client' in checkpoint) {
    const { task, client, step, over, kept } = checkpoint.client;
    return `${head}: client ${client} of '${task}', step ${step}, ${kept} messages kept${over ? ', over' : ''}`;
  }
  if ('order' in checkpoint) {
    const { from, steps } = checkpoint.order;
    return `${head}: the order of ${steps} steps after the first ${from}`;
  }
  if ('otherFormat' in checkpoint) return `${head}: ${checkpoint.otherFormat}`;
  return `${head}: damaged; its copy or the one before is used`;
}
