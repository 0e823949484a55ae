import { describe, expect, it } from 'vitest';
import { TandemError } from '../../shared/errors.js';
import { noAgreement } from '../../shared/protocol/capabilities.js';
import { decodeMessage, encodeMessage } from '../../shared/protocol/message-codec.js';
import { definitionOf, definitions, nameOf, type Message, type MessageName } from '../../shared/protocol/messages.js';
import { decodeFrame } from '../../shared/protocol/frame.js';
import { decodeHeader, type Header } from '../../shared/protocol/header.js';
import { limits } from '../../shared/protocol/limits.js';
import { float32 } from '../../shared/ndarray.js';
import { decodeModelDefinition } from '../../shared/protocol/model-definition.js';
import { agreementFor } from './golden.js';
import { goldenMessages } from './golden-messages.js';
import { frameOf, read, refusalOf } from './reading.js';

const samples = Object.entries(goldenMessages).map(([name, message]) => {
  const { type, header, payload } = decodeFrame(encodeMessage(message, agreementFor(message)));
  return { name, type, header: decodeHeader(header), payload: payload.slice(), agreement: agreementFor(message) };
});
const SMASHED = definitions.smashed.code;

/** A smashed message with these tensor entries in its header and this many payload bytes. */
function smashedWith(tensors: unknown, payloadBytes: number, labels: unknown = []): Uint8Array {
  return frameOf(SMASHED, { step: 17, tensors, labels }, new Uint8Array(payloadBytes).fill(3));
}

function messageOf(bytes: Uint8Array, agreement = noAgreement): string {
  try {
    decodeMessage(bytes, agreement);
  } catch (error) {
    if (error instanceof TandemError) return error.message;
    throw error;
  }
  throw new Error('the message was accepted');
}

describe('fields', () => {
  it('have room for as many tensors and labels, of as many dimensions, as there may be', () => {
    // Empty, so that their lengths may be as long as lengths are.
    const shape = [0, ...Array<number>(limits.rank - 1).fill(4_000_000_000)];
    const shaped = Array.from({ length: limits.tensors }, () => float32(shape, []));
    const message: Message = { type: 'smashed', step: limits.steps, tensors: shaped, labels: shaped };
    expect(decodeMessage(encodeMessage(message))).toEqual(message);
  });

  it.each(samples)('$name: without any one of its fields, it is refused', ({ type, header, payload }) => {
    for (const key of Object.keys(header)) {
      if (definitionOf(nameOf(type) as MessageName).fields[key]?.capability !== undefined) continue;
      const rest: Header = Object.fromEntries(Object.entries(header).filter(([other]) => other !== key));
      expect(refusalOf(frameOf(type, rest, payload)), `without ${key}`).toBe('BAD_MESSAGE');
    }
  });

  it.each(samples)('$name: with a field that is none of its own, it is refused', ({ type, header, payload }) => {
    expect(refusalOf(frameOf(type, { ...header, extra: 7 }, payload))).toBe('BAD_MESSAGE');
    expect(refusalOf(frameOf(type, { ...header, type: nameOf(type) }, payload))).toBe('BAD_MESSAGE');
  });

  it.each(samples)(
    '$name: with a field of another kind, it is refused by that field',
    ({ type, header, payload, agreement }) => {
      const name = nameOf(type) as MessageName;
      for (const key of Object.keys(header)) {
        // No field is a map, and no list holds one.
        const wrong = frameOf(type, { ...header, [key]: { a: 7 } }, payload);
        expect(messageOf(wrong, agreement)).toContain(`${name}.${key}`);
        expect(refusalOf(frameOf(type, { ...header, [key]: [{ a: 7 }] }, payload))).toBe('BAD_MESSAGE');
      }
    },
  );

  it('stand in the header in the order of the definition', () => {
    for (const { type, header } of samples) {
      const { fields } = definitionOf(nameOf(type) as MessageName);
      const inHeader = Object.entries(fields).filter(([, { type: kind }]) => kind !== 'bytes');
      expect(Object.keys(header)).toEqual(inHeader.flatMap(([name]) => (name in header ? [name] : [])));
    }
  });

  it.each([
    ['hello', { role: 'observe' }],
    ['ready', { samples: 0 }],
    ['ready', { samples: 1_000_000_001 }],
    ['ready', { testSamples: 2 ** 31 }],
    ['ready', { testSamples: 2.5 }],
    ['hello', { shard: [3] }],
    ['hello', { shard: [3, 7, 9] }],
    ['hello', { shard: [3, '7'] }],
    ['hello', { engine: 'x'.repeat(301) }],
    ['hello', { shard: [0, 1_000_001] }],
    ['hello', { segments: 0 }],
    ['hello', { capabilities: null }],
    ['hello', { capabilities: [7] }],
    ['hello', { capabilities: Array<string>(33).fill('x') }],
    ['hello', { engine: null }],
    ['resume', { session: 7 }],
    ['resumed', { received: -1 }],
    ['settled', { number: 0.5 }],
    ['away', { address: 7 }],
    ['hello', { resumes: 0 }],
    ['welcome', { clients: 0 }],
    ['welcome', { batch: 0 }],
    ['welcome', { seed: 2 ** 53 }],
    ['welcome', { grace: null }],
    ['welcome', { grace: NaN }],
    ['welcome', { grace: -0.5 }],
    ['welcome', { grace: 1_000_001 }],
    ['train', { steps: 0 }],
    ['train', { steps: 1e9 + 1 }],
    ['align', { parties: 65 }],
    ['align', { party: 64 }],
    ['train', { withOptimizer: 1 }],
    ['bottom', { updates: -1 }],
    ['cutGradient', { step: 0 }],
    ['cutGradient', { loss: '3' }],
    ['cutGradient', { loss: null }],
    ['finished', { testAccuracy: 'high' }],
    ['evaluated', { sums: [0.5, null] }],
    ['evaluated', { sums: Array<number>(17).fill(3) }],
    ['topGradient', { loss: null }],
    ['error', { step: 'third' }],
  ] as const)('%s refuses %o', (name, wrong) => {
    const { code } = definitions[name];
    const sample = samples.find(({ type }) => type === code);
    const [key = ''] = Object.keys(wrong);
    expect(messageOf(frameOf(code, { ...sample?.header, ...wrong }, sample?.payload))).toContain(`${name}.${key}`);
  });

  it.each([NaN, Infinity, -Infinity, -7.25])('a loss may be %d', (loss) => {
    const bytes = encodeMessage({ type: 'cutGradient', step: 3, loss, tensors: [] });
    expect(decodeMessage(bytes)).toHaveProperty('loss', loss);
  });

  it('a message that is too long for its header is not sent', () => {
    const capabilities = Array<string>(32).fill('€'.repeat(40));
    const hello = { ...(goldenMessages['hello to infer'] as Message<'hello'>), engine: '€'.repeat(300), capabilities };
    expect(() => encodeMessage(hello)).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }));
  });
});

describe('tensors', () => {
  it.each([
    ['an unknown dtype', [[3, 2]], 8],
    ['a negative dtype', [[-1, 2]], 8],
    ['a broken dtype', [[0.5, 2]], 8],
    ['a dtype as text', [['0', 2]], 8],
    ['a dtype as a list', [[[0], 2]], 8],
    ['a name of Array as dtype', [['length', 2]], 8],
    ['no dtype', [[]], 0],
    ['a negative length', [[0, -2]], 8],
    ['a length that is no integer', [[0, 2.5]], 10],
    ['a length as text', [[0, '2']], 8],
    ['a length that is NaN', [[0, NaN]], 0],
    ['rank 9', [[0, 1, 1, 1, 1, 1, 1, 1, 1, 1]], 4],
    ['lengths whose product overflows', [[0, 2 ** 52, 2 ** 52, 2 ** 52]], 8],
    ['lengths whose product is infinite', [[0, ...Array<number>(8).fill(2 ** 53 - 1)]], 8],
    ['more values than bytes', [[0, 3]], 8],
    ['fewer values than bytes', [[0, 1]], 8],
    [
      'a last tensor without bytes',
      [
        [0, 2],
        [1, 1],
      ],
      8,
    ],
    ['17 tensors', Array.from({ length: 17 }, () => [2, 1]), 17],
    ['a number for the list', 7, 0],
    ['a number for a tensor', [7], 0],
    ['nil for a tensor', [null], 0],
  ])('refuses %s', (_, tensors, bytes) => {
    expect(refusalOf(smashedWith(tensors, bytes))).toBe('BAD_MESSAGE');
  });

  it('takes 16 tensors of rank 8', () => {
    const tensors = Array.from({ length: 16 }, () => [2, 1, 1, 1, 3, 1, 1, 1, 1]);
    const outcome = read(smashedWith(tensors, 48));
    expect(outcome).toHaveProperty('message.tensors.length', 16);
  });

  it('takes tensors of no values whatever their other lengths, and allots nothing for them', () => {
    const outcome = read(smashedWith([[0, 0, 2 ** 53 - 1]], 0));
    expect(outcome).toHaveProperty('message.tensors.0.data.length', 0);
  });

  it('copies tensors out of the bytes, so that no view is unaligned and no frame is kept alive', () => {
    const bytes = smashedWith([[2, 5]], 5);
    const outcome = read(bytes);
    bytes.fill(0);
    expect(outcome).toHaveProperty('message.tensors.0.data', Uint8Array.of(3, 3, 3, 3, 3));
  });

  it('names the tensor that is wrong', () => {
    expect(
      messageOf(
        smashedWith([[2, 3]], 5, [
          [2, 2],
          [7, 1],
        ]),
      ),
    ).toMatch(/smashed\.labels\[1\]/);
  });
});

describe('the model definition', () => {
  const part = {
    role: 'bottom',
    spec: { index: 0, of: 2, topology: '{}', inputs: [], outputs: [], weights: [] },
    optimizer: { kind: 'sgd', learningRate: 0.05 },
  };
  const definition = {
    segments: [part],
    labels: [{ name: 'kind', dtype: 'int32', shape: [], min: 0, max: 4 }],
    loss: null,
    metrics: [],
    pace: { window: 1, alignEvery: 1 },
  };
  const top = { ...part, role: 'top' };
  const withTop = { ...definition, segments: [part, top], loss: 'meanSquaredError', metrics: ['accuracy'] };
  const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

  it('is read as it was written', () => {
    expect(decodeModelDefinition(bytesOf(definition))).toEqual(definition);
    expect(decodeModelDefinition(bytesOf(withTop))).toEqual(withTop);
    const ahead = { ...withTop, pace: { window: 7, alignEvery: null } };
    const whole = { ...ahead, segments: [{ ...part, role: 'whole' }] };
    const withHead = { ...ahead, segments: [part, { ...part, role: 'auxiliary' }] };
    for (const alone of [whole, withHead]) expect(decodeModelDefinition(bytesOf(alone))).toEqual(alone);
    for (const segments of [
      [part, part, part],
      [part, part, top],
    ]) {
      const several = { ...(segments.includes(top) ? withTop : definition), segments };
      expect(decodeModelDefinition(bytesOf(several))).toEqual(several);
    }
  });

  it.each([
    ['no JSON', new TextEncoder().encode('{"spec":')],
    ['no UTF-8', Uint8Array.of(0xff, 0xfe, 0x7b)],
    ['nothing', new Uint8Array()],
    ['null', bytesOf(null)],
    ['a number', bytesOf(7)],
    ['no segments', bytesOf({ ...definition, segments: undefined })],
    ['no pace', bytesOf({ ...definition, pace: undefined })],
    ['a window of none', bytesOf({ ...definition, pace: { window: 0, alignEvery: null } })],
    ['an alignment every half step', bytesOf({ ...definition, pace: { window: 3, alignEvery: 0.5 } })],
    ['a whole model without a loss', bytesOf({ ...definition, segments: [{ ...part, role: 'whole' }] })],
    ['a whole model above a bottom', bytesOf({ ...withTop, segments: [part, { ...part, role: 'whole' }] })],
    ['an auxiliary head alone', bytesOf({ ...withTop, segments: [{ ...part, role: 'auxiliary' }] })],
    ['an auxiliary head and a top', bytesOf({ ...withTop, segments: [part, top, { ...part, role: 'auxiliary' }] })],
    ['an empty list of segments', bytesOf({ ...definition, segments: [] })],
    ['a top alone', bytesOf({ ...withTop, segments: [top] })],
    ['two tops', bytesOf({ ...withTop, segments: [part, top, top] })],
    ['a bottom above the top', bytesOf({ ...withTop, segments: [part, top, part] })],
    ['a segment without a role', bytesOf({ ...definition, segments: [{ ...part, role: undefined }] })],
    ['a segment with an unknown role', bytesOf({ ...definition, segments: [{ ...part, role: 'toString' }] })],
    ['a top without a loss', bytesOf({ ...withTop, loss: null })],
    ['a loss without a top', bytesOf({ ...definition, loss: 'meanSquaredError' })],
    ['a loss that is no name', bytesOf({ ...withTop, loss: 7 })],
    ['no metrics', bytesOf({ ...definition, metrics: undefined })],
    ['a segment that is null', bytesOf({ ...definition, segments: [null] })],
    ['no spec', bytesOf({ ...definition, segments: [{ ...part, spec: undefined }] })],
    ['no topology', bytesOf({ ...definition, segments: [{ ...part, spec: { ...part.spec, topology: undefined } }] })],
    [
      'weights that are no list',
      bytesOf({ ...definition, segments: [{ ...part, spec: { ...part.spec, weights: {} } }] }),
    ],
    ['no labels', bytesOf({ ...definition, labels: undefined })],
  ])('is refused when it is %s', (_, payload) => {
    expect(() => decodeModelDefinition(payload)).toThrow(expect.objectContaining({ code: 'BAD_MESSAGE' }));
  });

  it.each([
    ['is missing', undefined],
    ['is unknown', { kind: 'newton', learningRate: 3 }],
    ['lacks a number', { kind: 'adam', learningRate: 0.001 }],
    ['has a negative rate', { kind: 'sgd', learningRate: -0.5 }],
    ['has a proximal term that pushes', { kind: 'sgd', learningRate: 0.5, proximal: -0.3 }],
    ['has a proximal term that is no number', { kind: 'sgd', learningRate: 0.5, proximal: '0.3' }],
    ['has a schedule that is none', { kind: 'sgd', learningRate: 0.5, schedule: 'cosine' }],
    ['has a schedule of nothing', { kind: 'sgd', learningRate: 0.5, schedule: null }],
    [
      'has a schedule that never ends',
      { kind: 'sgd', learningRate: 0.5, schedule: { kind: 'step', every: 0, factor: 0.3, warmup: 3 } },
    ],
  ])('is refused when its optimizer %s', (_, optimizer) => {
    expect(() => decodeModelDefinition(bytesOf({ ...definition, segments: [{ ...part, optimizer }] }))).toThrow(
      expect.objectContaining({ code: 'BAD_OPTION' }),
    );
  });
});
