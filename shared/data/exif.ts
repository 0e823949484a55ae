const ORIENTATION = 0x0112;
const SHORT = 3;

/** How the camera was held, 1 to 8, from the bytes of Exif data, which are a TIFF file (CIPA DC-008); 1 where they do not say. */
export function orientationIn(tiff: Uint8Array): number {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const has = (at: number, length: number) => at + length <= view.byteLength;
  if (!has(0, 8)) return 1;
  const order = view.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return 1;
  const little = order === 0x4949;
  const start = view.getUint32(4, little);
  if (view.getUint16(2, little) !== 42 || !has(start, 2)) return 1;
  const fields = view.getUint16(start, little);
  for (let i = 0; i < fields && has(start + 2 + 12 * i, 12); i++) {
    const at = start + 2 + 12 * i;
    if (view.getUint16(at, little) !== ORIENTATION) continue;
    const value = view.getUint16(at + 2, little) === SHORT ? view.getUint16(at + 8, little) : 1;
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}
