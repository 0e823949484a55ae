import { createReadStream, readdirSync, statSync } from 'node:fs';
import { basename, extname, join, sep } from 'node:path';
import { pipeline } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { send } from './responses.js';
import { fileTrouble } from '../../storage/file-trouble.js';

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
};

/** A page gets everything from its own server and sends to nobody else; no script stands in the page itself. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Same-origin isolation lets a page have threads of WebAssembly. */
const HEADERS: OutgoingHttpHeaders = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(self), geolocation=(), microphone=()',
};

/** Where `npm run build` puts the pages: beside the built server, or below dist where the source itself runs. */
const BUILT = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/web/' : '../../web/', import.meta.url),
);

interface PageFile {
  readonly file: string;
  readonly type: string;
  readonly bytes: number;
  readonly etag: string;
}

/** The pages of a server, by address: `front` at `/`, others at `/<name>`. Only what was there at the start is ever sent. */
export class Pages {
  private readonly files = new Map<string, PageFile>();

  /**
   * `names` are those of the folders that are served; `more` puts files of other folders below a path, such as `/wasm/`, `own` whole folders,
   * without what is hidden in them.
   */
  constructor(
    front: string,
    names: readonly string[] = [front],
    more: Readonly<Record<string, readonly string[]>> = {},
    own: Readonly<Record<string, string>> = {},
  ) {
    for (const name of names) {
      for (const file of filesBelow(join(BUILT, name))) this.add(`/${name}/${file}`, join(BUILT, name, file));
      this.alias(`/${name}`, `/${name}/index.html`);
    }
    this.alias('/', `/${front}/index.html`);
    // Its addresses are relative to the page's own, and that is not below the folder.
    for (const name of names) this.files.delete(`/${name}/index.html`);
    for (const [path, files] of Object.entries(more)) {
      for (const file of files) this.add(`${path}${basename(file)}`, file);
    }
    for (const [path, folder] of Object.entries(own)) {
      for (const file of filesBelow(folder).filter(isShown)) this.add(`${path}${encodeURI(file)}`, join(folder, file));
      this.alias(path, `${path}index.html`);
    }
  }

  has(path: string): boolean {
    return this.files.has(path);
  }

  /** Whether it is what a browser asks for first, and the rest of it follows. */
  isDocument(path: string): boolean {
    return this.files.get(path)?.type === TYPES['.html'];
  }

  /** Sends what is at a path that it has; `more` lets pages of another origin read it. */
  send(path: string, request: IncomingMessage, response: ServerResponse, more: OutgoingHttpHeaders = {}): void {
    const found = this.files.get(path);
    if (!found) return send(response, 404, 'text/plain', 'There is nothing here.\n');
    const { file, type, bytes, etag } = found;
    const headers = { ...HEADERS, ...more, 'cache-control': 'no-cache', etag };
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304, headers).end();
      return;
    }
    response.writeHead(200, { ...headers, 'content-type': type, 'content-length': bytes });
    if (request.method === 'HEAD') response.end();
    // A reader that goes away, or a file that is taken away, ends this answer and nothing else.
    else pipeline(createReadStream(file), response, () => undefined);
  }

  private add(path: string, file: string): void {
    const { size, mtimeMs } = statSync(file);
    const type = TYPES[extname(file)] ?? 'application/octet-stream';
    this.files.set(path, {
      file,
      type,
      bytes: size,
      etag: `"${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"`,
    });
  }

  private alias(path: string, of: string): void {
    const file = this.files.get(of);
    if (file) this.files.set(path, file);
  }
}

/** Nothing hidden, and nothing that was installed. */
function isShown(file: string): boolean {
  return !file.split('/').some((part) => part.startsWith('.') || part === 'node_modules');
}

/** None of a folder that is not there. Throws CANNOT_READ. */
function filesBelow(folder: string): string[] {
  // A link that leads nowhere is no file.
  const isFile = (name: string) => statSync(join(folder, name), { throwIfNoEntry: false })?.isFile() ?? false;
  try {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    return names.filter(isFile).map((name) => name.split(sep).join('/'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fileTrouble(error, 'read', { path: folder });
  }
}
