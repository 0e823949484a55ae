import { isRefusalCode, TandemError } from '../../shared/errors.js';
import { encodeFrame } from '../../shared/protocol/frame.js';
import { encodeHeader, type Header } from '../../shared/protocol/header.js';
import { decodeMessage } from '../../shared/protocol/message-codec.js';
import type { Message } from '../../shared/protocol/messages.js';

/** A message as it was read, or the code it was refused with. */
export type Outcome = { readonly message: Message; readonly code?: never } | { readonly code: string };

/** Reads bytes from a stranger. Rethrows everything that is not a documented refusal. */
export function read(bytes: Uint8Array): Outcome {
  try {
    return { message: decodeMessage(bytes) };
  } catch (error) {
    if (error instanceof TandemError && isRefusalCode(error.code)) return { code: error.code };
    throw error;
  }
}

/** The refusal code, or the name of the message that was read after all. */
export function refusalOf(bytes: Uint8Array): string {
  const outcome = read(bytes);
  return 'message' in outcome ? `accepted as ${outcome.message.type}` : outcome.code;
}

export function frameOf(type: number, header: Uint8Array | Header, payload: Uint8Array | number[] = []): Uint8Array {
  return encodeFrame(type, header instanceof Uint8Array ? header : encodeHeader(header), [Uint8Array.from(payload)]);
}
