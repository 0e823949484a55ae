import { inflateRawSync } from 'node:zlib';
import { TandemError } from '../../../shared/errors.js';

const [DIRECTORY_END, ENTRY] = [0x06054b50, 0x02014b50];
const [STORED, DEFLATED] = [0, 8];

/** The files of a .npz, which is a ZIP archive, by name without `.npy`. Throws BAD_DATA that names the file. */
export function readNpz(bytes: Uint8Array, source: string): ReadonlyMap<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fail = (what: string) => new TandemError('BAD_DATA', `${source}: ${what}`, 'save it with numpy.savez');
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== DIRECTORY_END) end--;
  if (end < 0) throw fail('it is no .npz file');
  const files = new Map<string, Uint8Array>();
  let at = view.getUint32(end + 16, true);
  for (let n = view.getUint16(end + 10, true); n > 0; n--) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== ENTRY) throw fail('its list of files is broken');
    const [method, size] = [view.getUint16(at + 10, true), view.getUint32(at + 20, true)];
    const [nameLength, extra, remark] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true)) as [
      number,
      number,
      number,
    ];
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    const local = view.getUint32(at + 42, true);
    if (local === 0xffffffff || size === 0xffffffff) throw fail('it is larger than 4 GB');
    const from = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const packed = bytes.subarray(from, from + size);
    if (method !== STORED && method !== DEFLATED) throw fail(`'${name}' is packed in a way that is not read`);
    files.set(name.replace(/\.npy$/, ''), method === STORED ? packed.slice() : new Uint8Array(inflateRawSync(packed)));
    at += 46 + nameLength + extra + remark;
  }
  return files;
}
