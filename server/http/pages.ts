import { readdirSync, statSync } from 'node:fs';
import { basename, join, sep } from 'node:path';
import { pipeline } from 'node:stream';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { built, isBuilt } from './built-files.js';
import { PageFile } from './page-file.js';
import { send } from './responses.js';
import { fileTrouble } from '../../storage/file-trouble.js';

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
      for (const file of filesBelow(built(`web/${name}`))) this.add(`/${name}/${file}`, built(`web/${name}/${file}`));
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
    return this.files.get(path)?.type.startsWith('text/html') ?? false;
  }

  /** Sends what is at a path that it has; `more` lets pages of another origin read it. */
  send(path: string, request: IncomingMessage, response: ServerResponse, more: OutgoingHttpHeaders = {}): void {
    const found = this.files.get(path);
    if (!found) return send(response, 404, 'text/plain', 'There is nothing here.\n');
    const form = found.formFor(String(request.headers['accept-encoding'] ?? ''));
    const etag = found.tagOf(form);
    const vary = [
      ...(found.varies ? ['accept-encoding'] : []),
      ...(more.vary === undefined ? [] : [String(more.vary)]),
    ];
    const headers = { ...HEADERS, ...more, 'cache-control': found.cacheControl, etag, ...listed('vary', vary) };
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304, headers).end();
      return;
    }
    response.writeHead(200, {
      ...headers,
      'content-type': found.type,
      ...(form.bytes === undefined ? {} : { 'content-length': form.bytes }),
      ...(form.encoding === undefined ? {} : { 'content-encoding': form.encoding }),
    });
    if (request.method === 'HEAD') response.end();
    // A reader that goes away, or a file that is taken away, ends this answer and nothing else.
    else pipeline(form.open(), response, () => undefined);
  }

  private add(path: string, file: string): void {
    // What lies compressed beside a file is that file in another form.
    if (isBuilt(file) && /\.(br|gz)$/.test(path)) return;
    this.files.set(path, new PageFile(file, isBuilt(file)));
  }

  private alias(path: string, of: string): void {
    const file = this.files.get(of);
    if (file) this.files.set(path, file);
  }
}

function listed(name: string, values: readonly string[]): OutgoingHttpHeaders {
  return values.length === 0 ? {} : { [name]: values.join(', ') };
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
