import type { OnnxRuntime } from '../engine/onnx/runtime.js';
import { TandemError } from '../errors.js';

type Session = Awaited<ReturnType<OnnxRuntime['open']>>;

/** Lets ONNX Runtime run an exported file, and closes it again. Throws BAD_MODEL where it cannot. */
export async function runExported(
  runtime: OnnxRuntime,
  bytes: Uint8Array,
  work: (session: Session) => Promise<void>,
): Promise<void> {
  try {
    const session = await runtime.open(bytes);
    try {
      await work(session);
    } finally {
      await session.release();
    }
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new TandemError('BAD_MODEL', `ONNX Runtime cannot run the exported model: ${message}`);
  }
}
