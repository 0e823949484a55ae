/** A kind of .wav file: how its samples are written. */
export interface WavKind {
  /** 1 for whole numbers, 3 for floats, others are not read. */
  readonly code: number;
  readonly bits: number;
  readonly channels: number;
  /** Says its kind in the longer header that newer programs write. */
  readonly isExtensible?: boolean;
}

export const wavKinds: readonly WavKind[] = [
  { code: 1, bits: 8, channels: 1 },
  { code: 1, bits: 8, channels: 2 },
  { code: 1, bits: 16, channels: 1 },
  { code: 1, bits: 16, channels: 2 },
  { code: 1, bits: 24, channels: 1 },
  { code: 1, bits: 24, channels: 2, isExtensible: true },
  { code: 1, bits: 32, channels: 3 },
  { code: 3, bits: 32, channels: 1 },
  { code: 3, bits: 32, channels: 2, isExtensible: true },
  { code: 3, bits: 64, channels: 2 },
];

/** A file of these channels, each as long as the first, from -1 to 1. */
export function wavOf(
  { code, bits, isExtensible = false }: WavKind,
  samplesPerSecond: number,
  channels: readonly ArrayLike<number>[],
): Uint8Array {
  const [frames, width, header] = [channels[0]?.length ?? 0, Math.ceil(bits / 8), isExtensible ? 40 : 16];
  const size = frames * width * channels.length;
  const view = new DataView(new ArrayBuffer(12 + 8 + header + 8 + size));
  const tag = (at: number, text: string) =>
    [...text].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  tag(0, 'RIFF');
  view.setUint32(4, view.byteLength - 8, true);
  tag(8, 'WAVEfmt ');
  view.setUint32(16, header, true);
  view.setUint16(20, isExtensible ? 0xfffe : code, true);
  view.setUint16(22, channels.length, true);
  view.setUint32(24, samplesPerSecond, true);
  view.setUint32(28, samplesPerSecond * width * channels.length, true);
  view.setUint16(32, width * channels.length, true);
  view.setUint16(34, bits, true);
  if (isExtensible) view.setUint16(44, code, true);
  tag(20 + header, 'data');
  view.setUint32(24 + header, size, true);
  let at = 28 + header;
  for (let frame = 0; frame < frames; frame++) {
    for (const channel of channels) {
      write(view, at, channel[frame] ?? 0, code, bits);
      at += width;
    }
  }
  return new Uint8Array(view.buffer);
}

function write(view: DataView, at: number, value: number, code: number, bits: number): void {
  if (code === 3) return bits === 32 ? view.setFloat32(at, value, true) : view.setFloat64(at, value, true);
  const most = 2 ** (bits - 1);
  const whole = Math.max(-most, Math.min(most - 1, Math.round(value * most)));
  // Of 8 bits they have no sign.
  if (bits === 8) return view.setUint8(at, whole + 128);
  for (let i = 0; i < bits / 8; i++) view.setUint8(at + i, Math.floor(whole / 256 ** i) & 255);
}
