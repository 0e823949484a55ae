import type { Loading } from '../../shared/read-body.js';
import { megabytes, element, spanText } from './elements.js';

/** Below it nothing is said of how long the rest takes: the pace is not known yet. */
const PACE_MS = 1500;

/** Says what is being loaded and how far it is, and moves while it is: by bytes where they are told, by seconds where not. */
export class LoadingPanel {
  private readonly box = element('loading', HTMLDivElement);
  private readonly bar = element('loading-bar', HTMLProgressElement);
  private readonly text = element('loading-text', HTMLParagraphElement);
  private timer: ReturnType<typeof setInterval> | undefined;
  private what = '';
  private sinceMs = 0;
  private last: Loading | undefined;

  begin(what: string): void {
    this.what = what;
    this.sinceMs = performance.now();
    this.last = undefined;
    this.box.hidden = false;
    this.bar.removeAttribute('value');
    clearInterval(this.timer);
    this.timer = setInterval(() => this.show(), 500);
    this.show();
  }

  readonly update = (loading: Loading): void => {
    if (this.box.hidden || loading.what !== this.last?.what) this.begin(`Loading ${loading.what}`);
    this.last = loading;
    this.show();
    if (loading.of !== null && loading.bytes >= loading.of) this.begin('Making it ready');
  };

  end(): void {
    clearInterval(this.timer);
    this.box.hidden = true;
  }

  private show(): void {
    const { last, what } = this;
    const passedMs = performance.now() - this.sinceMs;
    if (last?.of) this.bar.value = last.bytes / last.of;
    this.text.textContent = last ? loadingText(last, passedMs) : `${what}, for ${Math.floor(passedMs / 1000)} s.`;
  }
}

/** How much of something has come, and how long the rest will take at the pace so far. */
export function loadingText({ what, bytes, of }: Loading, passedMs: number): string {
  const amount = of === null ? `${megabytes(bytes)} MB` : `${megabytes(bytes)} of ${megabytes(of)} MB`;
  const isPaced = of !== null && passedMs > PACE_MS && bytes > 0;
  const left = isPaced ? `, ${spanText(((passedMs / bytes) * (of - bytes)) / 1000)} left` : '';
  return `Loading ${what}: ${amount}${left}.`;
}
