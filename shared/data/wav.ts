import { TandemError } from '../errors.js';

/** A sound of one channel, from -1 to 1. */
export interface Sound {
  readonly samplesPerSecond: number;
  readonly data: Float32Array;
  /** Of the file, whose mean this is. */
  readonly channels?: number;
  /** Whether the file ends before it says it does. */
  readonly isCut?: boolean;
}

const [PCM, FLOAT, EXTENSIBLE] = [1, 3, 0xfffe];

/**
 * Reads a .wav file: whole numbers of 8, 16, 24 or 32 bits, or floats of 32 or 64; of several channels the mean. One reader for Node and
 * tabs. Throws BAD_DATA that names the file.
 */
export function decodeWav(bytes: Uint8Array, source: string): Sound {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = (at: number) => new TextDecoder('latin1').decode(bytes.subarray(at, at + 4));
  if (bytes.length < 12 || tag(0) !== 'RIFF' || tag(8) !== 'WAVE') throw bad(source, 'it is no .wav file');
  let format: Format | undefined;
  for (let at = 12; at + 8 <= bytes.length;) {
    const size = view.getUint32(at + 4, true);
    const from = at + 8;
    if (tag(at) === 'fmt ' && from + 16 <= bytes.length) format = formatOf(view, from, size);
    if (tag(at) === 'data') {
      if (!format) throw bad(source, 'it does not say what its samples are');
      // A file that was cut off, or whose length was never filled in, has what is there.
      return {
        samplesPerSecond: format.rate,
        channels: format.channels,
        // Who writes while it sounds says a length that nothing has.
        isCut: size > bytes.length - from && size < 0x7fffffff,
        data: samplesOf(view, from, Math.min(size, bytes.length - from), format, source),
      };
    }
    // Chunks stand at even places.
    at = from + size + (size % 2);
  }
  throw bad(source, 'it holds no sound');
}

interface Format {
  readonly code: number;
  readonly channels: number;
  readonly rate: number;
  readonly bits: number;
}

function formatOf(view: DataView, at: number, size: number): Format {
  const said = view.getUint16(at, true);
  const code = said === EXTENSIBLE && size >= 26 ? view.getUint16(at + 24, true) : said;
  return {
    code,
    channels: view.getUint16(at + 2, true),
    rate: view.getUint32(at + 4, true),
    bits: view.getUint16(at + 14, true),
  };
}

function samplesOf(view: DataView, from: number, size: number, format: Format, source: string): Float32Array {
  const { channels, bits, rate } = format;
  const read = readerOf(view, format);
  if (!read || channels < 1 || rate < 1)
    throw bad(
      source,
      `its samples are of a kind that is not read (format ${format.code}, ${bits} bits, ${channels} channels)`,
    );
  const width = bits / 8;
  const frames = Math.floor(size / (width * channels));
  if (frames === 0) throw bad(source, 'it holds no sound');
  const data = new Float32Array(frames);
  for (let frame = 0; frame < frames; frame++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += read(from + (frame * channels + channel) * width);
    data[frame] = sum / channels;
  }
  if (data.some((value) => !Number.isFinite(value))) throw bad(source, 'it holds samples that are no numbers');
  return data;
}

function readerOf(view: DataView, { code, bits }: Format): ((at: number) => number) | undefined {
  if (code === FLOAT) {
    if (bits === 32) return (at) => view.getFloat32(at, true);
    return bits === 64 ? (at) => view.getFloat64(at, true) : undefined;
  }
  if (code !== PCM) return undefined;
  if (bits === 8) return (at) => (view.getUint8(at) - 128) / 128;
  if (bits === 16) return (at) => view.getInt16(at, true) / 32768;
  if (bits === 24) return (at) => ((view.getInt8(at + 2) << 16) | view.getUint16(at, true)) / 8388608;
  return bits === 32 ? (at) => view.getInt32(at, true) / 2147483648 : undefined;
}

/** A sound at another rate: each new sample is the mean of those around it, weighted by how near they are. */
export function resampled({ samplesPerSecond, data }: Sound, rate: number): Float32Array {
  if (samplesPerSecond === rate) return data;
  const scale = samplesPerSecond / rate;
  const reach = Math.max(1, scale);
  const out = new Float32Array(Math.max(1, Math.floor(data.length / scale)));
  for (let i = 0; i < out.length; i++) {
    const middle = (i + 0.5) * scale - 0.5;
    let [sum, weights] = [0, 0];
    for (let at = Math.max(0, Math.ceil(middle - reach)); at <= Math.min(data.length - 1, middle + reach); at++) {
      const weight = 1 - Math.abs(at - middle) / reach;
      sum += weight * (data[at] ?? 0);
      weights += weight;
    }
    out[i] = weights > 0 ? sum / weights : 0;
  }
  return out;
}

function bad(source: string, what: string): TandemError {
  return new TandemError('BAD_DATA', `${source}: ${what}`, 'save it as a .wav file of 16 bits');
}
