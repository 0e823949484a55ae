import type { DashboardState } from '../../../shared/dashboard/state.js';
import { byId, el } from '../dom.js';
import { count } from '../format.js';

/** More classes than this are no picture any more. */
const MAX_CLASSES = 30;
const SHADES = 8;

/** How often samples of one class (rows) were taken for another (columns): a table that is its own picture. */
export class ConfusionMatrix {
  private shown: DashboardState['confusion'] | undefined;

  update({ confusion }: DashboardState): void {
    if (confusion === this.shown) return;
    this.shown = confusion;
    byId('confusion').replaceChildren(
      ...(confusion
        ? pictureOf(confusion)
        : [nothing('There is one after a test of a task whose metrics list confusionMatrix.')]),
    );
  }
}

function pictureOf(confusion: NonNullable<DashboardState['confusion']>): HTMLElement[] {
  if (confusion.length > MAX_CLASSES) return [nothing(`It has ${confusion.length} classes: too many to draw.`)];
  const classes = confusion.map((_, i) => String(i));
  const corner = el('th', { scope: 'col' }, el('span', { class: 'for-ears' }, 'label, then predicted:'));
  const head = el('tr', {}, corner, ...classes.map((name) => el('th', { scope: 'col' }, name)));
  const rows = confusion.map((row, label) => {
    const all = row.reduce((sum, value) => sum + value, 0);
    const cells = row.map((value, predicted) => {
      const shade = value === 0 || all === 0 ? 0 : Math.max(1, Math.ceil((SHADES * value) / all));
      const hit = label === predicted;
      return el(
        'td',
        { class: `${hit ? 'hit' : 'miss'} shade-${shade}`, title: `${value} of class ${label} taken for ${predicted}` },
        value === 0 ? '·' : count(value),
      );
    });
    return el('tr', {}, el('th', { scope: 'row' }, String(label)), ...cells);
  });
  const hits = confusion.reduce((sum, row, i) => sum + (row[i] ?? 0), 0);
  const all = confusion.flat().reduce((sum, value) => sum + value, 0);
  const scroller = el('div', { class: 'matrix', tabindex: 0, role: 'group', 'aria-labelledby': 'confusion-title' });
  scroller.append(el('table', {}, el('thead', {}, head), el('tbody', {}, ...rows)));
  const text = `Rows are labels, columns what was predicted. ${count(hits)} of ${count(all)} are right.`;
  return [scroller, el('p', { class: 'quiet' }, text)];
}

function nothing(text: string): HTMLElement {
  return el('p', { class: 'quiet nothing' }, text);
}
