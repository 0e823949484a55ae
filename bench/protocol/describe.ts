import { refusals } from '../../shared/refusals.js';
import { bytesPerElement } from '../../shared/ndarray.js';
import { knownCapabilities } from '../../shared/protocol/capabilities.js';
import type { Field } from '../../shared/protocol/fields.js';
import { MAX_HEADER_BYTES, PREFIX_BYTES, PROTOCOL_VERSION } from '../../shared/protocol/frame.js';
import { MAX_DEPTH, MAX_ITEMS } from '../../shared/protocol/header.js';
import { limits } from '../../shared/protocol/limits.js';
import { definitionOf, definitions, type MessageName } from '../../shared/protocol/messages.js';
import { dtypes, packedCodes } from '../../shared/protocol/tensor-payload.js';
import { unnumbered } from '../../shared/session/numbering.js';

/** All that code can know of the protocol, as plain data: what docs/protocol.json holds. */
export function describeProtocol() {
  return {
    protocol: 'tandem',
    version: PROTOCOL_VERSION,
    about: 'Generated from shared/protocol. docs/protocol.md says what messages mean together.',
    frame: {
      byteOrder: 'little-endian',
      prefixBytes: PREFIX_BYTES,
      prefix: [
        { offset: 0, bytes: 4, holds: 'magic', value: '544e444d' },
        { offset: 4, bytes: 1, holds: 'version', value: PROTOCOL_VERSION },
        { offset: 5, bytes: 1, holds: 'code of the message' },
        { offset: 6, bytes: 2, holds: 'length of the header in bytes' },
        { offset: 8, bytes: 4, holds: 'length of the payload in bytes' },
      ],
      follows: ['header', 'payload'],
    },
    header: {
      format: 'one MessagePack map: the names of fields and their values',
      maxBytes: MAX_HEADER_BYTES,
      maxDepth: MAX_DEPTH,
      maxItems: MAX_ITEMS,
      refused: ['ext', 'bin', 'str 32', 'array 32', 'map 32'],
    },
    tensors: {
      inHeader: 'a list of [dtype, ...shape]',
      inPayload: 'values, row-major, little-endian, one tensor after the other, in the order of the fields',
      dtypes: dtypes.map((name, code) => ({ name, code, bytes: bytesPerElement[name] })),
      maxRank: limits.rank,
      packed: {
        capability: 'codecs',
        inHeader: 'a list of [dtype, number, ...shape]',
        dtypes: dtypes.map((name) => ({
          name,
          code: packedCodes[name],
          number: name === 'float32' ? 'bytes, which the codec of the message has made' : 'bits a value',
        })),
      },
    },
    capabilities: knownCapabilities.map((name) => ({ name, fields: fieldsOf(name) })),
    messages: messageNames().map((name) => {
      const { fields, code, from, counts, capability, meaning } = definitionOf(name);
      const about = { name, code, from, counts, ...(capability ? { capability } : {}), meaning };
      return { ...about, numbered: !unnumbered.has(name), fields: Object.entries(fields).map(describeField) };
    }),
    refusals: Object.entries(refusals).map(([code, { close, retryable, action }]) => ({
      code,
      status: close,
      retryable,
      action,
    })),
  };
}

export function messageNames(): MessageName[] {
  return Object.keys(definitions) as MessageName[];
}

function describeField([name, { meaning, ...field }]: [string, Field]): Readonly<Record<string, unknown>> {
  const place = field.type === 'bytes' ? 'payload' : field.type === 'tensors' ? 'header and payload' : 'header';
  return { name, in: place, ...field, meaning };
}

/** The fields and messages that belong to a capability. */
function fieldsOf(capability: string): string[] {
  return messageNames().flatMap((name) => {
    const { fields, capability: whole } = definitionOf(name);
    const own = Object.entries(fields).flatMap(([field, each]) =>
      each.capability === capability ? [`${name}.${field}`] : [],
    );
    return whole === capability ? [name] : own;
  });
}
