import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';

/** Debian's place for it; another one can be named. */
const executable = process.env.TANDEM_FIREFOX ?? '/usr/bin/firefox-esr';

export const skipsFirefox = !existsSync(executable);

const UP_MS = 60_000;
const PATIENCE_MS = 60_000;
const POLL_MS = 100;

interface Answer {
  readonly id?: number;
  readonly type?: string;
  readonly result?: unknown;
  readonly error?: string;
  readonly message?: string;
}

interface Evaluated {
  readonly type: 'success' | 'exception';
  readonly result?: { readonly value?: unknown };
  readonly exceptionDetails?: { readonly text: string };
}

/** A Firefox as it is installed, without a window, driven by WebDriver BiDi: Playwright drives only one of its own. */
export class Firefox {
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private calls = 0;
  private context = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly profile: string,
    private readonly socket: WebSocket,
  ) {
    socket.on('message', (data: Buffer) => {
      const answer = JSON.parse(data.toString()) as Answer;
      if (answer.id !== undefined) this.waiting.get(answer.id)?.(answer);
    });
  }

  static async launch(): Promise<Firefox> {
    const profile = await mkdtemp(join(tmpdir(), 'tandem-firefox-'));
    const flags = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'];
    const child = spawn(executable, flags, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, HOME: profile },
    });
    const address = await addressOf(child);
    const socket = new WebSocket(`${address}/session`);
    await new Promise<void>((resolve, reject) => socket.once('open', resolve).once('error', reject));
    const firefox = new Firefox(child, profile, socket);
    await firefox.call('session.new', { capabilities: {} });
    const { contexts } = (await firefox.call('browsingContext.getTree', {})) as { contexts: { context: string }[] };
    firefox.context = contexts[0]?.context ?? '';
    return firefox;
  }

  async open(url: string): Promise<void> {
    await this.call('browsingContext.navigate', { context: this.context, url, wait: 'complete' });
  }

  async reload(): Promise<void> {
    await this.call('browsingContext.reload', { context: this.context, wait: 'complete' });
  }

  /** The value of an expression in the page, which is plain. Throws what it throws. */
  async evaluate(expression: string): Promise<unknown> {
    const target = { context: this.context };
    const answer = await this.call('script.evaluate', { expression, target, awaitPromise: true });
    const { type, result, exceptionDetails } = answer as Evaluated;
    if (type === 'exception') throw new Error(`${expression}: ${exceptionDetails?.text ?? ''}`);
    return result?.value;
  }

  /** Clicks on what is there, or will be, and can be used. */
  async click(selector: string): Promise<void> {
    await this.until(`!!document.querySelector(${JSON.stringify(`${selector}:enabled`)})`);
    await this.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`);
  }

  /** Waits until an element says something. Throws with what it says instead. */
  async says(id: string, text: RegExp): Promise<void> {
    const said = `document.getElementById(${JSON.stringify(id)})?.textContent ?? ''`;
    await this.until(`${text.toString()}.test(${said})`).catch(async () => {
      throw new Error(`#${id} does not say ${text.toString()} but '${String(await this.evaluate(said))}'`);
    });
  }

  async close(): Promise<void> {
    this.socket.close();
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await gone;
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }

  async until(expression: string): Promise<void> {
    const endMs = Date.now() + PATIENCE_MS;
    while ((await this.evaluate(expression)) !== true) {
      if (Date.now() > endMs) throw new Error(`in ${PATIENCE_MS / 1000} s it did not come to: ${expression}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  private call(method: string, params: object): Promise<unknown> {
    const id = this.calls++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, ({ type, result, error = '', message = '' }) => {
        this.waiting.delete(id);
        if (type === 'error') reject(new Error(`${method}: ${error} ${message}`));
        else resolve(result);
      });
      this.socket.send(JSON.stringify({ id, method, params }));
    });
  }
}

/** Firefox says where it listens. */
function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const late = setTimeout(() => reject(new Error(`Firefox does not come up: ${said}`)), UP_MS);
    child.once('error', reject);
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const [, address] = /WebDriver BiDi listening on (ws:\/\/\S+)/.exec(said) ?? [];
      if (address === undefined) return;
      clearTimeout(late);
      resolve(address);
    });
  });
}
