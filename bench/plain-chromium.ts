import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

const TIMEOUT_MS = 30_000;
const executablePath = process.env.TANDEM_CHROMIUM ?? '/usr/bin/chromium';

/**
 * Chromium by its own protocol. Playwright makes every page believe that it has the focus, so that none is ever hidden, and a
 * page that is not hidden cannot be frozen.
 */
export class PlainChromium {
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private calls = 0;

  private constructor(
    private readonly process: ChildProcess,
    private readonly profile: string,
    private readonly socket: WebSocket,
  ) {
    socket.on('message', (data) => {
      const answer = JSON.parse((data as Buffer).toString()) as Answer;
      this.waiting.get(answer.id)?.(answer);
    });
  }

  static async open(): Promise<PlainChromium> {
    const profile = await mkdtemp(join(tmpdir(), 'tandem-chromium-'));
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];
    const port = ['--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'];
    const child = spawn(executablePath, [...flags, ...port], { stdio: ['ignore', 'ignore', 'pipe'] });
    const address = await new Promise<string>((resolve) => {
      let said = '';
      child.stderr.on('data', (piece: Buffer) => {
        said += piece.toString();
        const [, found] = /DevTools listening on (ws:\S+)/.exec(said) ?? [];
        if (found !== undefined) resolve(found);
      });
    });
    const socket = new WebSocket(address);
    await new Promise((resolve) => socket.once('open', resolve));
    return new PlainChromium(child, profile, socket);
  }

  async newTab(url: string): Promise<PlainTab> {
    const { targetId } = await this.send<{ targetId: string }>('Target.createTarget', { url });
    const attach = { targetId, flatten: true };
    const { sessionId } = await this.send<{ sessionId: string }>('Target.attachToTarget', attach);
    return new PlainTab(this, sessionId);
  }

  async send<T>(method: string, params: object = {}, sessionId?: string): Promise<T> {
    const id = ++this.calls;
    const answer = new Promise<Answer>((resolve) => this.waiting.set(id, resolve));
    this.socket.send(JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }));
    const { result, error } = await answer;
    this.waiting.delete(id);
    if (error) throw new Error(`${method}: ${error.message}`);
    return result as T;
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill();
    await ended;
    await rm(this.profile, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** A tab that can be hidden and frozen. */
export class PlainTab {
  constructor(
    private readonly browser: PlainChromium,
    private readonly session: string,
  ) {}

  /** The value of an expression, or what its promise resolves to. */
  async run(expression: string): Promise<unknown> {
    const asked = { expression, awaitPromise: true, returnByValue: true };
    const answer = await this.browser.send<{ result: { value?: unknown } }>('Runtime.evaluate', asked, this.session);
    return answer.result.value;
  }

  /** Clicks what is there and enabled, as soon as it is. */
  async click(selector: string): Promise<void> {
    await this.until(`document.querySelector('${selector}:enabled') !== null`);
    await this.run(`document.querySelector('${selector}').click()`);
  }

  async says(id: string, text: string): Promise<void> {
    await this.until(`document.getElementById('${id}')?.textContent.includes('${text}')`);
  }

  /** Puts another tab before it. */
  async hide(): Promise<void> {
    const { targetId } = await this.browser.send<{ targetId: string }>('Target.createTarget', { url: 'about:blank' });
    await this.browser.send('Target.activateTarget', { targetId });
    await this.until(`document.visibilityState === 'hidden'`);
  }

  /** Only what is hidden freezes. */
  async freeze(isFrozen: boolean): Promise<void> {
    const state = isFrozen ? 'frozen' : 'active';
    await this.browser.send('Page.setWebLifecycleState', { state }, this.session);
  }

  private async until(condition: string): Promise<void> {
    for (let waited = 0; waited < TIMEOUT_MS; waited += 30) {
      // A page that has just been opened has nowhere to run it yet.
      if ((await this.run(condition).catch(() => false)) === true) return;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    throw new Error(`it never came true that ${condition}`);
  }
}
