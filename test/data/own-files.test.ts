import { describe, expect, it } from 'vitest';
import { readNpz } from '../../client/node/data/npz.js';
import { logMel } from '../../shared/data/log-mel.js';
import { decodeNpy } from '../../shared/data/npy.js';
import { decodeWav, resampled } from '../../shared/data/wav.js';
import { npyFile, wavFile } from '../helpers/own-files.js';
import { wavKinds, wavOf } from '../helpers/wav-kinds.js';

describe('.wav files', () => {
  it('are read back as they were written, to 16 bits', () => {
    const samples = [0, 0.25, -0.5, 0.9];
    const { samplesPerSecond, data } = decodeWav(wavFile(8000, samples), 'a.wav');
    expect(samplesPerSecond).toBe(8000);
    samples.forEach((value, i) => expect(data[i]).toBeCloseTo(value, 4));
  });

  it.each(wavKinds)('of kind %j are the mean of their channels, as finely as they are written', (kind) => {
    const channels = Array.from({ length: kind.channels }, (_, c) =>
      [-1, -0.5, 0, 0.3, 0.71, 0.999].map((v) => v / (c + 1)),
    );
    const { samplesPerSecond, data } = decodeWav(wavOf(kind, 11_025, channels), 'a.wav');
    expect([samplesPerSecond, data.length]).toEqual([11_025, 6]);
    // A float32 of the answer has 24 bits itself.
    const step = kind.code === 1 ? 2 ** (1 - Math.min(kind.bits, 24)) : 2 ** -24;
    data.forEach((value, i) => {
      const mean = channels.reduce((sum, channel) => sum + (channel[i] ?? 0), 0) / kind.channels;
      expect(Math.abs(value - mean), `${i}`).toBeLessThanOrEqual(step);
    });
  });

  it.each([
    { code: 2, bits: 4, channels: 1 },
    { code: 1, bits: 12, channels: 1 },
    { code: 6, bits: 8, channels: 2 },
    { code: 0x55, bits: 16, channels: 1 },
  ])('of kind %j are refused with it', (kind) => {
    const file = wavOf(
      kind,
      8000,
      Array.from({ length: kind.channels }, () => [0.5, 0.25]),
    );
    expect(() => decodeWav(file, 'dogs/b.wav')).toThrow(
      `dogs/b.wav: its samples are of a kind that is not read (format ${kind.code}`,
    );
  });

  it('are refused where they hold nothing, at every length', () => {
    const whole = wavFile(8000, [0.5, 0.25]);
    for (let length = 0; length < 45; length++)
      expect(() => decodeWav(whole.subarray(0, length), 'a.wav'), String(length)).toThrow('a.wav');
  });

  it('keep their pitch at another rate', () => {
    const tone = (rate: number) =>
      Float32Array.from({ length: rate }, (_, t) => Math.sin((2 * Math.PI * 440 * t) / rate));
    const how = { samplesPerSecond: 8000, seconds: 0.5, bands: 20 };
    const loudest = (data: Float32Array) => {
      const bands = logMel(data, how).subarray(20 * 10, 20 * 11);
      return bands.indexOf(Math.max(...bands));
    };
    expect(loudest(resampled({ samplesPerSecond: 22_050, data: tone(22_050) }, 8000))).toBe(loudest(tone(8000)));
  });
});

describe('.npy files', () => {
  it.each([
    Float32Array.of(1.5, -2, 3, 4, 5, 6.25),
    Int32Array.of(7, -8, 9, 10, 11, 12),
    Float64Array.of(1, 2, 3, 4, 5, 0.1),
  ])('are read back as they were written: %s', (data) => {
    const read = decodeNpy(npyFile([2, 3], data), 'x.npy');
    expect(read.shape).toEqual([2, 3]);
    expect([...read.data]).toEqual([...data]);
  });

  it('are refused with their name where they are cut off', () => {
    const whole = npyFile([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));
    for (const length of [0, 5, 11, 60, whole.length - 1])
      expect(() => decodeNpy(whole.subarray(0, length), 'x.npy'), String(length)).toThrow('x.npy');
  });

  it('in a .npz that is none are refused', () => {
    expect(() => readNpz(Uint8Array.of(1, 2, 3), 'a.npz')).toThrow('a.npz');
  });
});
