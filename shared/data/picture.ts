/** A picture as red, green, blue and opacity, a byte each, row by row from the top. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * A picture as a person sees it, where its file says how the camera was held: Exif's orientation, 1 to 8, where 1 is as it
 * is, 3 upside down, 6 to be turned clockwise, 8 the other way, and each but 1 also mirrored.
 */
export function oriented(picture: Picture, orientation: number): Picture {
  if (orientation < 2 || orientation > 8) return picture;
  const { width, height, data } = picture;
  const isTurned = orientation > 4;
  const [w, h] = isTurned ? [height, width] : [width, height];
  const from = new Uint32Array(data.buffer, data.byteOffset, width * height);
  const to = new Uint32Array(w * h);
  const flipsX = [2, 3, 7, 8].includes(orientation);
  const flipsY = [3, 4, 6, 7].includes(orientation);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const [u, v] = isTurned ? [y, x] : [x, y];
      const sourceX = flipsX ? width - 1 - u : u;
      const sourceY = flipsY ? height - 1 - v : v;
      to[y * w + x] = from[sourceY * width + sourceX] ?? 0;
    }
  }
  return { width: w, height: h, data: new Uint8Array(to.buffer) };
}

/**
 * A picture brought to a size, cut to its proportions around the middle; one of that size stays as it is. Each new pixel is
 * the mean of those it covers, weighted by how near they are, so that fine patterns do not turn into coarse ones.
 */
export function fitted(picture: Picture, width: number, height: number): Picture {
  if (picture.width === width && picture.height === height) return picture;
  const scale = Math.min(picture.width / width, picture.height / height);
  const across = weights((picture.width - width * scale) / 2, scale, width, picture.width);
  const down = weights((picture.height - height * scale) / 2, scale, height, picture.height);
  const narrow = new Float64Array(4 * width * picture.height);
  for (let y = 0; y < picture.height; y++) {
    across.forEach(({ first, shares }, x) => {
      for (let c = 0; c < 4; c++) {
        let sum = 0;
        shares.forEach((share, i) => (sum += share * (picture.data[4 * (y * picture.width + first + i) + c] ?? 0)));
        narrow[4 * (y * width + x) + c] = sum;
      }
    });
  }
  const data = new Uint8Array(4 * width * height);
  down.forEach(({ first, shares }, y) => {
    for (let at = 0; at < 4 * width; at++) {
      let sum = 0;
      shares.forEach((share, i) => (sum += share * (narrow[4 * width * (first + i) + at] ?? 0)));
      data[4 * width * y + at] = nearestByte(sum);
    }
  });
  return { width, height, data };
}

/** Halves go up, and so does what lies next to one: others add in another order, and come to the same byte. */
export function nearestByte(value: number): number {
  return Math.floor(value + 0.5 + NEAR);
}

/** How near to a half counts as one. */
export const NEAR = 1e-9;

interface Weights {
  readonly first: number;
  readonly shares: readonly number[];
}

/** For each new pixel along one side, the old ones it is made of: a triangle around its middle, as wide as two new pixels. */
function weights(start: number, scale: number, length: number, limit: number): Weights[] {
  const reach = Math.max(1, scale);
  return Array.from({ length }, (_, i) => {
    const middle = start + (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(middle - reach));
    const last = Math.min(limit, Math.ceil(middle + reach));
    const raw = Array.from({ length: last - first }, (_, k) =>
      Math.max(0, 1 - Math.abs(first + k + 0.5 - middle) / reach),
    );
    const sum = raw.reduce((a, b) => a + b, 0);
    return { first, shares: raw.map((share) => share / sum) };
  });
}
