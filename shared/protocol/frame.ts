import { TandemError } from '../errors.js';

/**
 * The outermost layer of every WebSocket message: a 12-byte prefix, a msgpack header, a raw payload.
 *
 *     0  4  magic "TNDM"
 *     4  1  protocol version
 *     5  1  message type
 *     6  2  header length, little-endian
 *     8  4  payload length, little-endian
 *    12     header, then payload
 */
export const PROTOCOL_VERSION = 4;
export const PREFIX_BYTES = 12;
export const MAX_HEADER_BYTES = 4096;
/** Where the message type stands. */
export const TYPE_AT = 5;
const MAGIC = [0x54, 0x4e, 0x44, 0x4d];

export interface Frame {
  readonly type: number;
  readonly header: Uint8Array;
  readonly payload: Uint8Array;
}

/** The payload is given in pieces, so that tensors are copied once, into the frame. Throws TOO_LARGE. */
export function encodeFrame(type: number, header: Uint8Array, payload: readonly Uint8Array[]): Uint8Array {
  if (header.length > MAX_HEADER_BYTES) {
    throw new TandemError('TOO_LARGE', `a header of ${header.length} bytes exceeds ${MAX_HEADER_BYTES}`);
  }
  const payloadLength = payload.reduce((sum, piece) => sum + piece.length, 0);
  const bytes = new Uint8Array(PREFIX_BYTES + header.length + payloadLength);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint8(4, PROTOCOL_VERSION);
  view.setUint8(5, type);
  view.setUint16(6, header.length, true);
  view.setUint32(8, payloadLength, true);
  bytes.set(header, PREFIX_BYTES);
  let at = PREFIX_BYTES + header.length;
  for (const piece of payload) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** Throws BAD_FRAME, BAD_VERSION or TOO_LARGE; never reads past the bytes given. Header and payload share memory. */
export function decodeFrame(bytes: Uint8Array): Frame {
  if (bytes.length < PREFIX_BYTES) {
    throw new TandemError(
      'BAD_FRAME',
      `a message of ${bytes.length} bytes is shorter than the ${PREFIX_BYTES}-byte prefix`,
    );
  }
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw new TandemError('BAD_FRAME', `a message begins with ${hex(bytes.subarray(0, 4))}, not with "TNDM"`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint8(4);
  if (version !== PROTOCOL_VERSION) {
    const older = version < PROTOCOL_VERSION ? 'the other side is older' : 'this side is older';
    throw new TandemError(
      'BAD_VERSION',
      `the other side speaks protocol ${version}, this one ${PROTOCOL_VERSION}: ${older}`,
    );
  }
  const headerLength = view.getUint16(6, true);
  const payloadLength = view.getUint32(8, true);
  if (headerLength > MAX_HEADER_BYTES) {
    throw new TandemError('TOO_LARGE', `a header of ${headerLength} bytes exceeds ${MAX_HEADER_BYTES}`);
  }
  const expected = PREFIX_BYTES + headerLength + payloadLength;
  if (bytes.length !== expected) {
    throw new TandemError('BAD_FRAME', `a message announces ${expected} bytes and has ${bytes.length}`);
  }
  const payloadStart = PREFIX_BYTES + headerLength;
  return {
    type: view.getUint8(5),
    header: bytes.subarray(PREFIX_BYTES, payloadStart),
    payload: bytes.subarray(payloadStart),
  };
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
