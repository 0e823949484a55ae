/**
 * Golden frames: what is on the wire, byte for byte, for every message type. They are written once and then only read:
 *
 *     UPDATE_VECTORS=1 npx vitest run test/protocol/golden-frames.test.ts
 *
 * adds a frame for each message of golden-messages.ts that has none yet, and leaves the others as they are. A frame
 * that has to change is a change of the protocol: raise PROTOCOL_VERSION and delete the file first.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeMessage } from '../../shared/protocol/message-codec.js';
import { definitionOf, definitions, type MessageName } from '../../shared/protocol/messages.js';
import {
  agreementFor,
  asRead,
  fromGolden,
  fromHex,
  goldenFile,
  readGoldenFrames,
  toGolden,
  toHex,
  toJson,
} from './golden.js';
import { goldenMessages } from './golden-messages.js';

if (process.env.UPDATE_VECTORS) {
  const known = existsSync(goldenFile) ? readGoldenFrames() : [];
  const missing = Object.entries(goldenMessages).filter(([name]) => !known.some((frame) => frame.name === name));
  const frames = [
    ...known,
    ...missing.map(([name, message]) => toGolden(name, message, encodeMessage(message, agreementFor(message)))),
  ];
  const lines = frames.map((frame) => `  ${toJson(frame)}`);
  writeFileSync(goldenFile, `[\n${lines.join(',\n')}\n]\n`);
}

const frames = readGoldenFrames();
const messageNames = Object.keys(definitions) as MessageName[];

describe('golden frames', () => {
  it.each(frames)('$name: the bytes decode to exactly the message', (frame) => {
    const message = fromGolden(frame);
    expect(decodeMessage(fromHex(frame.hex), agreementFor(message))).toStrictEqual(asRead(message));
  });

  it.each(frames)('$name: the message encodes to exactly the bytes', (frame) => {
    const message = fromGolden(frame);
    expect(toHex(encodeMessage(message, agreementFor(message)))).toBe(frame.hex);
  });

  it.each(frames)('$name: a frame inside a larger buffer decodes the same', (frame) => {
    const bytes = fromHex(frame.hex);
    const buffer = new Uint8Array(bytes.length + 7).fill(0xa5);
    buffer.set(bytes, 3);
    const message = fromGolden(frame);
    const read = decodeMessage(buffer.subarray(3, 3 + bytes.length), agreementFor(message));
    expect(read).toStrictEqual(asRead(message));
  });

  it('holds every message of the list, unchanged', () => {
    const expected = Object.entries(goldenMessages).map(([name, message]) =>
      toGolden(name, message, encodeMessage(message, agreementFor(message))),
    );
    expect(frames).toEqual(expected);
  });

  it('has every message type', () => {
    expect(new Set(frames.map(({ message }) => message.type))).toEqual(new Set(messageNames));
  });

  it('has every optional field once null and once not', () => {
    for (const type of messageNames) {
      for (const [name, field] of Object.entries(definitionOf(type).fields)) {
        if (!field.optional) continue;
        const values = frames.filter(({ message }) => message.type === type).map(({ message }) => message[name]);
        expect(new Set(values.map((value) => value === null)), `${type}.${name}`).toEqual(new Set([true, false]));
      }
    }
  });
});
