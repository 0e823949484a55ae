import { addExtension } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { decodeFrame, MAX_HEADER_BYTES, PREFIX_BYTES, PROTOCOL_VERSION } from '../../shared/protocol/frame.js';
import { decodeHeader, encodeHeader } from '../../shared/protocol/header.js';
import { decodeMessage, encodeMessage } from '../../shared/protocol/message-codec.js';
import type { Message } from '../../shared/protocol/messages.js';
import { fromHex } from './golden.js';
import { goldenMessages } from './golden-messages.js';
import { frameOf, read, refusalOf } from './reading.js';

const SETTLED = 36;
const settled = () => encodeMessage({ type: 'settled', number: 41 });

/** A `settled` whose `number` is these bytes. */
function settledOf(hex: string): Uint8Array {
  return frameOf(SETTLED, fromHex(`81a66e756d626572${hex}`));
}

/** `levels` lists around the number 7. */
function nested(levels: number): string {
  return '91'.repeat(levels) + '07';
}

describe('the prefix', () => {
  it.each([
    ['nothing', ''],
    ['c1 ff 00', 'c1ff00'],
    ['eleven bytes', '544e444d04240900000000'],
    ['another magic', '544e444e01240900000000000081a66e756d62657229'],
    ['lower case', '746e646d01240900000000000081a66e756d62657229'],
    ['text', Buffer.from('GET / HTTP/1.1\r\nHost: tandem\r\n').toString('hex')],
    ['a header length beyond the end', '544e444d042411000000000081a66e756d62657229'],
    ['a payload length beyond the end', '544e444d042409000100000081a66e756d62657229'],
    ['a payload of 4 GiB announced', '544e444d04240900ffffffff81a66e756d62657229'],
    ['trailing bytes', '544e444d042409000000000081a66e756d626572290000'],
  ])('%s: BAD_FRAME', (_, hex) => {
    expect(refusalOf(fromHex(hex))).toBe('BAD_FRAME');
  });

  it('refuses a header longer than its limit before it looks at the rest', () => {
    const bytes = settled();
    new DataView(bytes.buffer).setUint16(6, MAX_HEADER_BYTES + 1, true);
    expect(refusalOf(bytes)).toBe('TOO_LARGE');
    expect(() => frameOf(SETTLED, new Uint8Array(MAX_HEADER_BYTES + 1))).toThrow(/4097 bytes exceeds 4096/);
  });

  it('takes a header of exactly the limit', () => {
    const golden = goldenMessages['hello to infer'] as Message<'hello'>;
    const hello = { ...golden, capabilities: Array<string>(32).fill('é'.repeat(40)), bottom: '€'.repeat(235) };
    const spare = MAX_HEADER_BYTES - decodeFrame(encodeMessage({ ...hello, engine: '€'.repeat(200) })).header.length;
    const engine = `${'€'.repeat(200)}${'x'.repeat(spare)}`;
    const bytes = encodeMessage({ ...hello, engine });
    expect(decodeFrame(bytes).header.length).toBe(MAX_HEADER_BYTES);
    expect(read(bytes)).toHaveProperty('message.engine', engine);
    expect(() => encodeMessage({ ...hello, engine: `${engine}x` })).toThrow(/4097 bytes exceeds 4096/);
  });

  it.each([0, PROTOCOL_VERSION + 1, 255])('refuses version %i', (version) => {
    const bytes = settled();
    bytes[4] = version;
    expect(refusalOf(bytes)).toBe('BAD_VERSION');
  });

  it.each([0, 16, 17, 114, 255])('refuses the unknown message type %i', (type) => {
    const bytes = settled();
    bytes[5] = type;
    expect(refusalOf(bytes)).toBe('BAD_MESSAGE');
  });

  it('shares memory with the bytes it was given', () => {
    const bytes = encodeMessage({ type: 'model', payload: Uint8Array.of(3, 5, 7) });
    const { payload } = decodeFrame(bytes);
    bytes[bytes.length - 1] = 11;
    expect([...payload]).toEqual([3, 5, 11]);
    expect(bytes.length).toBe(PREFIX_BYTES + 1 + 3);
  });
});

describe('the header', () => {
  it.each([
    ['0xc1, which msgpack never uses', 'c1'],
    ['bin 8', 'c40107'],
    ['bin 16', 'c5000107'],
    ['bin 32', 'c60000000107'],
    ['ext 8', 'c7010107'],
    ['ext 8 as a record', 'c7017207'],
    ['ext 16', 'c800010107'],
    ['ext 32', 'c9000000010107'],
    ['fixext 1', 'd40107'],
    ['fixext 1 as a record definition', 'd4724091a16107'],
    ['fixext 1 as undefined', 'd40000'],
    ['fixext 2', 'd5010707'],
    ['fixext 4 as a timestamp', 'd6ff65000000'],
    ['fixext 8', 'd7010707070707070707'],
    ['fixext 16', 'd80107070707070707070707070707070707'],
    ['str 32', 'db0000000161'],
    ['array 32', 'dd0000000107'],
    ['map 32', 'df00000001a16107'],
    ['array 32 of 4 billion', 'ddffffffff'],
    ['map 32 of 4 billion', 'dfffffffff'],
  ])('refuses %s', (_, hex) => {
    expect(refusalOf(settledOf(hex))).toBe('BAD_FRAME');
    expect(refusalOf(frameOf(SETTLED, fromHex(hex)))).toBe('BAD_FRAME');
  });

  it.each([
    ['a str 8 of 255 bytes, of which one is there', 'd9ff61'],
    ['a str 16 of 65535 bytes', 'daffff61'],
    ['an array 16 of 65535 items', `dcffff${'07'.repeat(40)}`],
    ['a map 16 of 65535 pairs', `deffff${'a16107'.repeat(20)}`],
    ['a double of three bytes', 'cb400000'],
    ['an array of which one item is missing', '9307ff'],
  ])('refuses %s', (_, hex) => {
    expect(refusalOf(settledOf(hex))).toBe('BAD_FRAME');
  });

  it.each([
    ['a positive fixint', '29', 41],
    ['uint 8', 'cc29', 41],
    ['uint 16', 'cd0029', 41],
    ['uint 32', 'ce00000029', 41],
    ['uint 64', 'cf0000000000000029', 41],
    ['int 8', 'd029', 41],
    ['int 16', 'd10029', 41],
    ['int 32', 'd200000029', 41],
    ['int 64', 'd30000000000000029', 41],
    ['float 32', 'ca42240000', 41],
    ['float 64', 'cb4044800000000000', 41],
  ])('takes an integer written as %s', (_, hex, last) => {
    expect(decodeMessage(settledOf(hex))).toStrictEqual({ type: 'settled', number: last });
  });

  it('takes the largest integer where the field does, and names the bound where it does not', () => {
    const most = 'cf001fffffffffffff';
    const prediction = fromHex(`83a26964${most}a46c6f7373c0a774656e736f727390`);
    expect(decodeMessage(frameOf(10, prediction))).toHaveProperty('id', 9_007_199_254_740_991);
    expect(() => decodeMessage(settledOf(most))).toThrow(
      'field settled.number is 9007199254740991, expected an integer from 0 to 10^12',
    );
  });

  it.each([
    ['2^53', 'cf0020000000000000'],
    ['2^64 - 1', 'cfffffffffffffffff'],
    ['-3', 'fd'],
    ['41.5', 'cb4044c00000000000'],
    ['NaN', 'cb7ff8000000000000'],
    ['infinity', 'ca7f800000'],
    ['true', 'c3'],
    ['nil', 'c0'],
    ['a list', '9129'],
    ['text', 'a23431'],
  ])('refuses %s where a count belongs, as the field it is', (_, hex) => {
    expect(refusalOf(settledOf(hex))).toBe('BAD_MESSAGE');
  });

  it('nests at most four levels', () => {
    expect(decodeHeader(fromHex(`81a161${nested(3)}`))).toEqual({ a: [[[7]]] });
    expect(refusalOf(settledOf(nested(3)))).toBe('BAD_MESSAGE');
    expect(refusalOf(settledOf(nested(4)))).toBe('BAD_FRAME');
    expect(refusalOf(settledOf(nested(1_000)))).toBe('BAD_FRAME');
    expect(refusalOf(frameOf(SETTLED, fromHex('81a161'.repeat(300) + '07')))).toBe('BAD_FRAME');
  });

  it('holds at most 384 items, maps, keys and values each counted', () => {
    const listOf = (length: number) => `dc${length.toString(16).padStart(4, '0')}${'07'.repeat(length)}`;
    // The map, its key and the list itself are three.
    expect(refusalOf(settledOf(listOf(381)))).toBe('BAD_MESSAGE');
    expect(refusalOf(settledOf(listOf(382)))).toBe('BAD_FRAME');
  });

  it.each([
    ['a list', '9107'],
    ['a number', '29'],
    ['text', 'a3616263'],
    ['nil', 'c0'],
    ['nothing', ''],
    ['two maps', '8080'],
    ['a map and a byte', '81a66e756d6265722900'],
  ])('refuses %s in place of its map', (_, hex) => {
    expect(refusalOf(frameOf(SETTLED, fromHex(hex)))).toBe('BAD_FRAME');
  });

  it('cannot teach the decoder anything that changes how a later header is read', () => {
    // Defines record 0x40 with the field `number`; a decoder that took it would read 0x40 as a record from here on.
    expect(refusalOf(frameOf(SETTLED, fromHex('d4724091a66e756d62657207')))).toBe('BAD_FRAME');
    expect(refusalOf(settledOf('d4724091a16107'))).toBe('BAD_FRAME');
    expect(decodeMessage(settledOf('40'))).toStrictEqual({ type: 'settled', number: 64 });
  });

  it('runs no extension a program has registered with msgpackr', () => {
    let ran = 0;
    addExtension({ Class: Marker, type: 0x31, pack: () => Buffer.of(7), unpack: () => ++ran });
    expect(refusalOf(settledOf('d43107'))).toBe('BAD_FRAME');
    expect(ran).toBe(0);
  });

  it('keeps __proto__ and constructor as what they are: unknown fields', () => {
    for (const key of ['__proto__', 'constructor', 'toString']) {
      const hex = `82a66e756d62657229${(0xa0 + key.length).toString(16)}${Buffer.from(key).toString('hex')}80`;
      expect(refusalOf(frameOf(SETTLED, fromHex(hex))), key).toBe('BAD_MESSAGE');
    }
    expect({}).not.toHaveProperty('last');
  });

  it('reads back what it writes', () => {
    const header = { text: 'straße', list: [1, [2.5, -3]], none: null, yes: true, big: 2 ** 47 + 1, tiny: 5e-324 };
    expect(decodeHeader(encodeHeader(header))).toEqual(header);
  });
});

class Marker {}
