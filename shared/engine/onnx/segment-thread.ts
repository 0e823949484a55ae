import { Deferred } from '../../deferred.js';
import { TandemError } from '../../errors.js';
import { nodeModule } from '../../node-module.js';
import type { SegmentReports } from './segment-reports.js';
import { revivedError, type CallName, type ThreadCalls, type ThreadReply } from './thread-calls.js';

type WorkerThreads = typeof import('node:worker_threads');

const ENTRY_FILE = 'worker-main.js';

let running = 0;

/** Whether there are fewer threads of segments than cores; more would only wait for each other. */
export function threadIsFree(): boolean {
  return running < nodeModule('node:os').availableParallelism();
}

/**
 * A thread that holds one segment. It keeps the process alive only while a call is waiting, and when it breaks down, the
 * calls that wait and all later ones fail with INTERNAL.
 */
export class SegmentThread {
  private readonly pending = new Map<number, { readonly answer: Deferred<unknown>; readonly holds: boolean }>();
  private calls = 0;
  private holding = 0;
  private failure: TandemError | undefined;
  private closing = false;

  private constructor(
    private readonly worker: InstanceType<WorkerThreads['Worker']>,
    private readonly reports: SegmentReports,
  ) {
    running++;
    worker.unref();
    worker.on('message', (reply: ThreadReply) => this.receive(reply));
    worker.on('error', (error: unknown) => this.fail(error instanceof Error ? error.message : String(error)));
    worker.once('exit', (code) => {
      running--;
      this.fail(`exit code ${code}`);
    });
  }

  static async start(reports: SegmentReports, entry: URL = entryFile(import.meta.url)): Promise<SegmentThread> {
    const { Worker } = nodeModule('node:worker_threads');
    // The options of this process may name loaders and test runners that the thread has no use for.
    return new SegmentThread(new Worker(entry, { execArgv: [] }), reports);
  }

  /** `holds`: whether the process waits for the answer. */
  async call<Name extends CallName>(
    name: Name,
    args: Parameters<ThreadCalls[Name]>,
    { transfer = [], holds = true }: { readonly transfer?: ArrayBuffer[]; readonly holds?: boolean } = {},
  ): Promise<Awaited<ReturnType<ThreadCalls[Name]>>> {
    if (this.closing) throw new TandemError('BAD_STATE', 'the segment was disposed of', 'make a new segment');
    if (this.failure) throw this.failure;
    const id = this.calls++;
    const answer = new Deferred<unknown>();
    // Throws where an argument cannot be sent, so nothing is waited for yet.
    this.worker.postMessage({ id, name, args }, transfer);
    this.pending.set(id, { answer, holds });
    if (holds && this.holding++ === 0) this.worker.ref();
    return (await answer.promise) as Awaited<ReturnType<ThreadCalls[Name]>>;
  }

  /** Ends the thread, and with it all the segment holds, once the calls that wait are answered. */
  close(): void {
    this.closing = true;
    if (this.pending.size === 0) void this.worker.terminate();
  }

  private receive(reply: ThreadReply): void {
    switch (reply.kind) {
      case 'answer':
        this.settle(reply.id)?.resolve(reply.value);
        break;
      case 'failure':
        this.settle(reply.id)?.reject(revivedError(reply.error));
        break;
      case 'notice':
        this.reports.notice(reply.text);
        break;
      case 'compiled':
        this.reports.compiled(reply.ms);
        break;
    }
  }

  private settle(id: number): Deferred<unknown> | undefined {
    const call = this.pending.get(id);
    this.pending.delete(id);
    if (call?.holds && --this.holding === 0) this.worker.unref();
    if (this.closing && this.pending.size === 0) void this.worker.terminate();
    return call?.answer;
  }

  private fail(reason: string): void {
    this.failure ??= new TandemError('INTERNAL', `the thread of a segment broke down: ${reason}`);
    for (const id of [...this.pending.keys()]) this.settle(id)?.reject(this.failure);
  }
}

/** The compiled entry lies beside this file, or in dist/ when this file runs as TypeScript. */
function entryFile(here: string): URL {
  if (!here.endsWith('.ts')) return new URL(ENTRY_FILE, here);
  return new URL(`../../../dist/shared/engine/onnx/${ENTRY_FILE}`, here);
}
