import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, statSync, type Stats } from 'node:fs';
import { basename, extname } from 'node:path';
import type { Readable } from 'node:stream';
import { createBrotliDecompress } from 'node:zlib';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.wasm': 'application/wasm',
  '.bin': 'application/octet-stream',
  '.crt': 'application/x-x509-ca-cert',
};

/** How `npm pack` leaves copies beside a file, the smallest first; see packing/squeeze-site.ts. */
const COMPRESSED = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;

/** Names that bundling gives, with a hash of the content in them: such a file never changes. */
const HASHED = /-(?:[A-Z0-9]{8}\.(?:js|css)|[0-9a-f]{10}\.wasm)$/;

/** Up to here the content is looked at; of larger files the size and the time tell versions apart. */
const LARGEST_READ_BYTES = 1_000_000;

/** How one answer brings a file. */
export interface Form {
  readonly encoding: 'br' | 'gzip' | undefined;
  /** Unknown where it is made as it is sent. */
  readonly bytes: number | undefined;
  open(): Readable;
}

/** A file as it was at the start, with what `npm pack` compressed of it. */
export class PageFile {
  readonly type: string;
  readonly cacheControl: string;
  private readonly version: string;
  private readonly forms: readonly Form[];

  /** `isBuilt`: whether bundling has named it. */
  constructor(
    private readonly file: string,
    isBuilt: boolean,
  ) {
    const isHashed = isBuilt && HASHED.test(basename(file));
    this.type = TYPES[extname(file)] ?? 'application/octet-stream';
    this.cacheControl = isHashed ? 'public, max-age=31536000, immutable' : 'no-cache';
    const whole = statSync(file, { throwIfNoEntry: false });
    const compressed = isBuilt ? COMPRESSED.flatMap(([encoding, ending]) => formAt(`${file}${ending}`, encoding)) : [];
    this.forms = [...compressed, ...(whole ? [formOf(file, whole.size, undefined)] : [])];
    this.version = isHashed || !whole ? basename(file) : versionOf(file, whole);
  }

  /** Every answer to one address has a tag of its own, also where only the encoding differs. */
  tagOf({ encoding }: Form): string {
    return `"${this.version}${encoding === undefined ? '' : `.${encoding}`}"`;
  }

  /** Whether answers differ by what a browser accepts. */
  get varies(): boolean {
    return this.forms.length > 1 || this.forms[0]?.encoding !== undefined;
  }

  /** The smallest that a browser accepts, by its `accept-encoding`. */
  formFor(accepted = ''): Form {
    const taken = acceptedIn(accepted);
    const found = this.forms.find(({ encoding }) => encoding === undefined || taken.has(encoding));
    return found ?? { encoding: undefined, bytes: undefined, open: () => unpacking(`${this.file}.br`) };
  }
}

function formAt(file: string, encoding: Form['encoding']): Form[] {
  const found = statSync(file, { throwIfNoEntry: false });
  return found ? [formOf(file, found.size, encoding)] : [];
}

function formOf(file: string, bytes: number, encoding: Form['encoding']): Form {
  return { encoding, bytes, open: () => createReadStream(file) };
}

function unpacking(file: string): Readable {
  const source = createReadStream(file);
  const unpacked = createBrotliDecompress();
  source.on('error', (error) => unpacked.destroy(error));
  unpacked.on('close', () => source.destroy());
  return source.pipe(unpacked);
}

/** Those of an `accept-encoding` that are not ruled out by `q=0`. */
function acceptedIn(header: string): Set<string> {
  const offers = header.split(',').map((offer) => offer.split(';').map((part) => part.trim().toLowerCase()));
  const taken = offers.filter(([, weight = '']) => !/^q=0(\.0*)?$/.test(weight));
  return new Set(taken.map(([name = '']) => name));
}

/** The time of a file that came with a package is the same for every version. */
function versionOf(file: string, { size, mtimeMs }: Stats): string {
  if (size > LARGEST_READ_BYTES) return `${size.toString(36)}-${Math.round(mtimeMs).toString(36)}`;
  return createHash('sha256').update(readFileSync(file)).digest('base64url').slice(0, 16);
}
