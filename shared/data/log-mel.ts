/** How sounds become pictures of their pitch over time: the logarithm of the energy in bands of the mel scale. */
export interface LogMelOptions {
  readonly samplesPerSecond: number;
  readonly seconds: number;
  readonly bands: number;
}

const WINDOW_SECONDS = 0.025;
const HOP_SECONDS = 0.01;
/** Long sounds are looked at less often. */
const MOST_FRAMES = 400;
/** What is added to an energy, of which silence has none. */
export const FLOOR = 1e-6;

/** Frames of one sound. */
export function framesOf(samplesPerSecond: number, seconds: number): number {
  return Math.max(1, Math.floor((seconds * samplesPerSecond) / hopOf(samplesPerSecond, seconds)));
}

/** [frames, bands] of one sound of the right rate; what it lacks is silence, what is too long is cut. */
export function logMel(sound: Float32Array, { samplesPerSecond, seconds, bands }: LogMelOptions): Float32Array {
  const [frames, hop] = [framesOf(samplesPerSecond, seconds), hopOf(samplesPerSecond, seconds)];
  const { window, size, filters, samples } = spectrumOf({ samplesPerSecond, seconds, bands });
  const width = window.length;
  const end = Math.min(sound.length, samples);
  const out = new Float32Array(frames * bands);
  const [re, im] = [new Float64Array(size), new Float64Array(size)];
  for (let frame = 0; frame < frames; frame++) {
    re.fill(0);
    im.fill(0);
    for (let i = 0; i < width && frame * hop + i < end; i++) re[i] = (sound[frame * hop + i] ?? 0) * (window[i] ?? 0);
    transform(re, im);
    filters.forEach(({ first, weights }, band) => {
      let energy = 0;
      weights.forEach((weight, i) => (energy += weight * ((re[first + i] ?? 0) ** 2 + (im[first + i] ?? 0) ** 2)));
      out[frame * bands + band] = Math.log(energy + FLOOR);
    });
  }
  return out;
}

/** How each frame becomes energies: its window, the length of its transform, and the bands' weights of the bins. */
export interface Spectrum {
  readonly window: Float64Array;
  readonly size: number;
  readonly filters: readonly Filter[];
  /** Samples from one frame to the next. */
  readonly hop: number;
  /** So many samples of a sound are looked at. */
  readonly samples: number;
}

export function spectrumOf({ samplesPerSecond, seconds, bands }: LogMelOptions): Spectrum {
  const width = Math.round(WINDOW_SECONDS * samplesPerSecond);
  const size = 2 ** Math.ceil(Math.log2(width));
  return {
    window: Float64Array.from({ length: width }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / width)),
    size,
    filters: melFilters(bands, size, samplesPerSecond),
    hop: hopOf(samplesPerSecond, seconds),
    samples: Math.round(seconds * samplesPerSecond),
  };
}

function hopOf(samplesPerSecond: number, seconds: number): number {
  return Math.round(samplesPerSecond * Math.max(HOP_SECONDS, seconds / MOST_FRAMES));
}

export interface Filter {
  readonly first: number;
  readonly weights: readonly number[];
}

/** Triangles, evenly spaced on the mel scale (O'Shaughnessy, 1987), from 20 Hz to half the rate. */
function melFilters(bands: number, size: number, samplesPerSecond: number): Filter[] {
  const mel = (hertz: number) => 2595 * Math.log10(1 + hertz / 700);
  const hertz = (value: number) => 700 * (10 ** (value / 2595) - 1);
  const [low, high] = [mel(20), mel(samplesPerSecond / 2)];
  const edge = (i: number) => (hertz(low + ((high - low) * i) / (bands + 1)) * size) / samplesPerSecond;
  return Array.from({ length: bands }, (_, band) => {
    const [left, middle, right] = [edge(band), edge(band + 1), edge(band + 2)];
    const first = Math.max(0, Math.ceil(left));
    const last = Math.min(size / 2, Math.floor(right));
    const weights = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => {
      const bin = first + i;
      return Math.max(0, bin < middle ? (bin - left) / (middle - left) : (right - bin) / (right - middle));
    });
    // A band that is narrower than the distance of two bins has the nearest one.
    return weights.some((weight) => weight > 0) ? { first, weights } : { first: Math.round(middle), weights: [1] };
  });
}

/** In place, of a length that is a power of two (Cooley and Tukey, 1965). */
function transform(re: Float64Array, im: Float64Array): void {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    [re[i], re[j]] = [re[j] ?? 0, re[i] ?? 0];
    [im[i], im[j]] = [im[j] ?? 0, im[i] ?? 0];
  }
  for (let length = 2; length <= n; length *= 2) {
    const angle = (-2 * Math.PI) / length;
    for (let k = 0; k < length / 2; k++) {
      const [c, s] = [Math.cos(angle * k), Math.sin(angle * k)];
      for (let i = k; i < n; i += length) {
        const j = i + length / 2;
        const [a, b] = [re[j] ?? 0, im[j] ?? 0];
        const [x, y] = [a * c - b * s, a * s + b * c];
        const [u, v] = [re[i] ?? 0, im[i] ?? 0];
        [re[j], im[j]] = [u - x, v - y];
        [re[i], im[i]] = [u + x, v + y];
      }
    }
  }
}
