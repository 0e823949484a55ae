import { TandemError } from '../../errors.js';
import { letModulesFindTandem } from '../../find-own-package.js';
import type { Loss } from '../../model/loss.js';
import type { Segment } from '../engine.js';
import { readyQuietly } from '../quiet-cpu.js';
import { FallbackSegment } from './fallback-segment.js';
import { loadRuntime } from './runtime.js';
import { freshAnswers, movable, plainError, type ThreadCall, type ThreadReply } from './thread-calls.js';

/** What the thread of a segment runs: makes the segment and answers calls. WorkerSegment is the other end. */
const { parentPort } = await import('node:worker_threads');
let segment: Segment | undefined;

parentPort?.on('message', (call: ThreadCall) => {
  void perform(call).then(
    (value) => answer(call, value),
    (error: unknown) => send({ kind: 'failure', id: call.id, error: plainError(error) }),
  );
});

function perform(call: ThreadCall): Promise<unknown> {
  switch (call.name) {
    case 'create':
      return create(...call.args);
    case 'forward':
      return made().forward(...call.args);
    case 'backward':
      return made().backward(...call.args);
    case 'update':
      return made().update();
    case 'gradients':
      return made().gradients();
    case 'norms':
      return made().norms();
    case 'predict':
      return made().predict(...call.args);
    case 'weights':
      return made().weights();
    case 'setWeights':
      return made().setWeights(...call.args);
    case 'state':
      return made().state();
    case 'restore':
      return made().restore(...call.args);
  }
}

async function create(
  ...[kind, options, lossOfSource]: Extract<ThreadCall, { name: 'create' }>['args']
): Promise<void> {
  const { source } = options;
  if (source !== undefined) letModulesFindTandem();
  // Layers are registered as the module is evaluated.
  const module = source === undefined ? undefined : ((await import(source)) as { default?: { loss?: Loss } });
  const loss = lossOfSource ? module?.default?.loss : options.loss;
  const runtime = await loadRuntime({ kind });
  await readyQuietly();
  segment = await FallbackSegment.create(
    runtime,
    { ...options, ...(loss === undefined ? {} : { loss }) },
    {
      notice: (text) => send({ kind: 'notice', text }),
      compiled: (ms) => send({ kind: 'compiled', ms }),
    },
  );
}

function made(): Segment {
  if (!segment) throw new TandemError('BAD_STATE', 'the thread was asked to compute before it had a segment');
  return segment;
}

function answer({ id, name }: ThreadCall, value: unknown): void {
  const reply: ThreadReply = { kind: 'answer', id, value };
  try {
    send(reply, freshAnswers.has(name) ? movable(value) : []);
  } catch {
    // Memory of a native library may refuse to change hands; then it is copied.
    send(reply);
  }
}

function send(reply: ThreadReply, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(reply, transfer);
}
