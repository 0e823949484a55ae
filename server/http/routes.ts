import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { WATCH_PATH } from '../../shared/dashboard/watch-protocol.js';
import { entryPaths } from '../../shared/entry-proof.js';
import { TandemError } from '../../shared/errors.js';
import { READING_PATH, type RunReading } from '../../shared/run-reading.js';
import { modelPaths } from '../../shared/model/model-paths.js';
import type { Watchers } from '../dashboard/watchers.js';
import type { Credentials } from '../entry/entry-desk.js';
import type { Readiness } from '../observe/readiness.js';
import { bearerOf, type Gate } from './gate.js';
import type { Pages } from './pages.js';
import { send, sendJson, sendRefusal } from './responses.js';
import type { SharedModel } from '../shared-model.js';
import type { OfferedData } from './offered-data.js';
import type { RunCards } from './run-card.js';

const MAX_BODY_BYTES = 4096;

export interface RoutesOptions {
  readonly gate: Gate;
  readonly readiness: Readiness;
  /** The metrics as Prometheus reads them. */
  readonly metrics: () => Promise<string>;
  readonly pages: Pages | null;
  readonly cards: RunCards | null;
  /** How data become the run's inputs, for who may come in. */
  readonly reading: RunReading | null;
  readonly data: OfferedData | null;
  readonly model: SharedModel | null;
  readonly watchers: Watchers | null;
}

/** Answers HTTP requests: health, metrics, tickets, pages. */
export class Routes {
  constructor(private readonly options: RoutesOptions) {}

  /** Never throws: a refusal is an answer. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const headers = this.corsHeaders(request.headers.origin);
    try {
      await this.route(request, response, headers);
    } catch (error) {
      sendRefusal(response, error, headers, request.headers.accept);
    }
  }

  private async route(request: IncomingMessage, response: ServerResponse, headers: OutgoingHttpHeaders): Promise<void> {
    const { gate, readiness, metrics, pages } = this.options;
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (request.method === 'OPTIONS' && headers['access-control-allow-origin']) {
      send(response, 204, 'text/plain', '', headers);
      return;
    }
    if (pages?.has(path) && (request.method === 'GET' || request.method === 'HEAD')) {
      await gate.page(request, pages.isDocument(path));
      pages.send(path, request, response, headers);
      return;
    }
    if (request.method === 'GET' && path.startsWith('/data/')) {
      await this.sendData(path, request, response, headers);
      return;
    }
    switch (`${request.method} ${path}`) {
      case 'GET /healthz':
        send(response, 200, 'text/plain', 'ok\n');
        return;
      case 'GET /readyz':
        send(response, readiness.ready ? 200 : 503, 'text/plain', `${readiness.state}\n`);
        return;
      case 'GET /run.json':
        await this.sendCard(request, response, headers);
        return;
      case `GET ${READING_PATH}`:
        await gate.admitVisitor(request);
        sendJson(response, this.options.reading ?? {}, headers);
        return;
      case `GET ${modelPaths.topology}`:
        await this.sendModel('topology', request, response, headers);
        return;
      case `GET ${modelPaths.weights}`:
        await this.sendModel('weights', request, response, headers);
        return;
      case 'GET /metrics':
        await gate.admitReader(request);
        send(response, 200, 'text/plain; version=0.0.4; charset=utf-8', await metrics());
        return;
      case `GET ${WATCH_PATH}`:
        await gate.admitReader(request);
        sendJson(response, this.watchers());
        return;
      case `POST ${entryPaths.challenge}`:
        sendJson(
          response,
          await gate.answer(request, async () => ({ challenge: await gate.neededDesk.challenge() })),
          headers,
        );
        return;
      case `POST ${entryPaths.ticket}`:
        sendJson(response, await gate.ticket(request, async () => credentialsIn(await bodyOf(request))), headers);
        return;
      default:
        await gate.answer(request, async () => undefined);
        send(
          response,
          426,
          'text/plain',
          `This is a Tandem server. Join it with: npx tandem join ${gate.joinAddress(request)}\n`,
          {
            upgrade: 'websocket',
          },
        );
    }
  }

  /** With a ticket all of it is told, without one only what anybody may know. */
  private async sendCard(request: IncomingMessage, response: ServerResponse, headers: OutgoingHttpHeaders) {
    const { gate, cards } = this.options;
    const isKnown = bearerOf(request.headers.authorization) !== undefined;
    if (isKnown) await gate.admitVisitor(request);
    else await gate.page(request, false);
    sendJson(response, cards?.card(isKnown) ?? {}, headers);
  }

  private async sendData(
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
    headers: OutgoingHttpHeaders,
  ): Promise<void> {
    const { gate, data } = this.options;
    await gate.page(request, false);
    const found = await data?.at(path);
    if (found?.kind === 'facts') sendJson(response, found.facts, headers);
    else if (found)
      send(response, 200, 'application/octet-stream', found.bytes, {
        'content-length': found.bytes.length,
        ...headers,
      });
    else send(response, 404, 'text/plain', 'There is nothing here.\n', headers);
  }

  private async sendModel(
    part: keyof typeof modelPaths,
    request: IncomingMessage,
    response: ServerResponse,
    headers: OutgoingHttpHeaders,
  ): Promise<void> {
    const { gate, model } = this.options;
    const grant = await gate.admitToModel(request);
    if (!model) throw new TandemError('NOT_SHARED', 'this server has no model to give away');
    const bytes = await model.file(part);
    if (part === 'weights') gate.note(gate.addressOf(request), { what: 'model-taken', ...grant });
    const type = part === 'weights' ? 'application/octet-stream' : 'application/json';
    send(response, 200, type, bytes, { 'content-length': bytes.length, ...headers });
  }

  /** Whether one more dashboard may watch. */
  private watchers(): { readonly watchers: number } {
    const { watchers } = this.options;
    if (!watchers) throw new TandemError('BAD_OPTION', 'this server shows its run to nobody');
    watchers.checkRoom();
    return { watchers: watchers.count };
  }

  private corsHeaders(origin: string | undefined): OutgoingHttpHeaders {
    if (origin === undefined || !this.options.gate.origins.allows(origin)) return {};
    return {
      'access-control-allow-origin': origin,
      'access-control-allow-headers': 'content-type, authorization',
      vary: 'origin',
    };
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new TandemError('TOO_LARGE', `a request has more than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Throws BAD_MESSAGE, and does not repeat what came. */
function credentialsIn(body: string): Credentials {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    // What is no JSON is refused below.
    parsed = undefined;
  }
  if (typeof parsed !== 'object' || parsed === null)
    throw new TandemError('BAD_MESSAGE', 'the request is not an object');
  const names = ['invite', 'key', 'challenge', 'signature'];
  for (const [name, value] of Object.entries(parsed)) {
    if (names.includes(name) && typeof value === 'string') continue;
    throw new TandemError(
      'BAD_MESSAGE',
      'the request has a field that is unknown or no text',
      `send ${names.join(', ')}`,
    );
  }
  return parsed;
}
