import uPlot from 'uplot';
import { el, setText } from './dom.js';

export interface Line {
  readonly label: string;
  /** The name of a colour of style/tokens.css. */
  readonly colour: '--accent' | '--up' | '--down' | '--good' | '--quiet';
  readonly format: (value: number) => string;
  /** Shorter, at the axis. */
  readonly tick?: (value: number) => string;
  /** Single measurements rather than a course: drawn with their points. */
  readonly points?: true;
}

export interface ChartOptions {
  readonly title: string;
  readonly x: { readonly label: string; readonly format: (value: number) => string };
  readonly lines: readonly Line[];
  /** Where zero is the bottom: for what is compared with nothing. */
  readonly fromZero?: true;
  /** A share of 1, whose axis ends where shares do. */
  readonly share?: boolean;
  /** What is said as long as there is nothing to draw. */
  readonly nothing: string;
}

type Values = readonly (number | null)[];

const HEIGHT = 190;
const FROM_ZERO: uPlot.Range.Function = (_, __, max) => [0, 1.1 * (max || 1)];
/** Some room around the values, but none where there can be none. */
const SHARE: uPlot.Range.Function = (_, min, max) => {
  const room = Math.max(0.02, 0.1 * (max - min));
  return Number.isFinite(min) ? [Math.max(0, min - room), Math.min(1, max + room)] : [0, 1];
};
const ROWS = 12;
/** Steps and seconds are told in whole numbers. */
const WHOLE = Array.from({ length: 9 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat();

/** One picture of curves: for eyes a canvas, for everybody the newest values as text, and a table on demand. */
export class Chart {
  private readonly readout = el('p', { class: 'readout' });
  private readonly stage = el('div', { class: 'stage', role: 'img' });
  private readonly empty: HTMLElement;
  private readonly table = el('table');
  private readonly details: HTMLDetailsElement;
  private plot: uPlot | null = null;
  private x: readonly number[] = [];
  private columns: readonly Values[] = [];

  constructor(
    figure: HTMLElement,
    private readonly options: ChartOptions,
  ) {
    this.empty = el('p', { class: 'quiet nothing' }, options.nothing);
    const caption = el('figcaption', {}, el('h2', {}, options.title), this.readout);
    const scroller = el('div', {
      class: 'values',
      tabindex: 0,
      role: 'group',
      'aria-label': `${options.title}, values`,
    });
    scroller.append(this.table);
    this.details = el('details', {}, el('summary', {}, 'Values'), scroller);
    this.details.addEventListener('toggle', () => this.tabulate());
    figure.replaceChildren(caption, this.stage, this.empty, this.details);
    new ResizeObserver(() => this.plot?.setSize({ width: this.stage.clientWidth, height: HEIGHT })).observe(this.stage);
  }

  update(x: readonly number[], columns: readonly Values[]): void {
    if (x === this.x) return;
    [this.x, this.columns] = [x, columns];
    const drawn = x.length > 0;
    this.empty.hidden = drawn;
    this.stage.hidden = !drawn;
    this.details.hidden = !drawn;
    this.read(x.length - 1);
    if (!drawn) return;
    const data = [x, ...columns] as unknown as uPlot.AlignedData;
    if (this.plot) this.plot.setData(data);
    else this.draw(data);
    this.stage.setAttribute('aria-label', this.summary());
    this.tabulate();
  }

  /** With the colours as they are now. */
  redraw(): void {
    this.plot?.destroy();
    this.plot = null;
    if (this.x.length > 0) this.draw([this.x, ...this.columns] as unknown as uPlot.AlignedData);
  }

  private draw(data: uPlot.AlignedData): void {
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const axis = {
      stroke: colour('--quiet'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { show: false },
      font: '12px system-ui, sans-serif',
    };
    const { x, lines, fromZero, share } = this.options;
    const range = share ? SHARE : fromZero ? FROM_ZERO : undefined;
    const first = lines[0]?.format ?? String;
    this.plot = new uPlot(
      {
        width: this.stage.clientWidth || 320,
        height: HEIGHT,
        scales: { x: { time: false }, ...(range ? { y: { range } } : {}) },
        legend: { show: false },
        cursor: { y: false, points: { size: 8 }, drag: { x: false, y: false } },
        padding: [12, 12, 0, 0],
        axes: [
          { ...axis, size: 28, gap: 4, incrs: WHOLE, values: (_, ticks) => ticks.map(x.format) },
          { ...axis, size: 58, gap: 6, values: (_, ticks) => ticks.map(lines[0]?.tick ?? first) },
        ],
        series: [
          {},
          ...lines.map((line) => ({
            label: line.label,
            stroke: colour(line.colour),
            width: 2,
            points: { show: line.points ?? false, size: 7, fill: colour(line.colour) },
          })),
        ],
        hooks: { setCursor: [({ cursor }) => this.read(cursor.idx ?? this.x.length - 1)] },
      },
      data,
      this.stage,
    );
  }

  /** The values at a point: those under the pointer, else the newest. */
  private read(index: number): void {
    const parts = this.options.lines.flatMap(({ label, format, colour }, i) => {
      const value = this.columns[i]?.[index];
      if (value === null || value === undefined) return [];
      return [el('span', { class: `key ${colour.slice(2)}` }, `${label} ${format(value)}`)];
    });
    const at = this.x[index];
    const { x } = this.options;
    if (at !== undefined) parts.push(el('span', { class: 'quiet' }, `${x.label} ${x.format(at)}`));
    if (this.readout.textContent !== parts.map((part) => part.textContent).join(''))
      this.readout.replaceChildren(...parts);
  }

  private summary(): string {
    const { title, x, lines } = this.options;
    const [from = 0, to = 0] = [this.x[0], this.x.at(-1)];
    const said = lines.flatMap(({ label, format }, i) => {
      const values = (this.columns[i] ?? []).filter((value) => value !== null);
      const [first, last] = [values[0], values.at(-1)];
      return first === undefined || last === undefined ? [] : [`${label} from ${format(first)} to ${format(last)}`];
    });
    return `${title}: ${said.join(', ')}, ${x.label} ${x.format(from)} to ${x.format(to)}`;
  }

  private tabulate(): void {
    if (!this.details.open) return;
    const { x, lines, title } = this.options;
    const last = this.x.length - 1;
    const picked = [...new Set(Array.from({ length: ROWS }, (_, i) => Math.round((last * i) / (ROWS - 1))))];
    const head = el(
      'tr',
      {},
      ...[x.label, ...lines.map(({ label }) => label)].map((text) => el('th', { scope: 'col' }, text)),
    );
    const rows = picked.map((index) => {
      const cells = lines.map(({ format }, i) => {
        const value = this.columns[i]?.[index];
        return el('td', {}, value === null || value === undefined ? '–' : format(value));
      });
      return el('tr', {}, el('th', { scope: 'row' }, x.format(this.x[index] ?? 0)), ...cells);
    });
    const caption = el('caption', { class: 'for-ears' });
    setText(caption, title);
    this.table.replaceChildren(caption, el('thead', {}, head), el('tbody', {}, ...rows));
  }
}
