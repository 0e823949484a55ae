import type { ComparedRun } from '../simulator/compare.js';
import { megabytes } from './report.js';
import { largest } from '../shared/extremes.js';

/** The columns of a comparison, for the table on the terminal and the page. */
export const columns: readonly {
  readonly title: string;
  readonly value: (run: ComparedRun) => number | null;
  readonly show: (value: number) => string;
}[] = [
  {
    title: 'accuracy',
    value: ({ summary }) => summary?.testAccuracy ?? null,
    show: (value) => `${(100 * value).toFixed(2)} %`,
  },
  { title: 'test loss', value: ({ summary }) => summary?.testLoss ?? null, show: (value) => value.toFixed(4) },
  { title: 'rounds', value: ({ rounds }) => rounds, show: (value) => value.toLocaleString('en') },
  { title: 'steps', value: ({ summary }) => summary?.steps ?? null, show: (value) => value.toLocaleString('en') },
  { title: 'bytes', value: ({ summary }) => summary?.bytes.total ?? null, show: megabytes },
  { title: 'client GFLOP', value: ({ clientGflop }) => clientGflop, show: (value) => value.toPrecision(3) },
  { title: 'seconds', value: ({ summary }) => summary?.seconds ?? null, show: (value) => value.toFixed(1) },
];

const PLOT = { width: 680, height: 220, left: 44, bottom: 22 } as const;
const HUES = [210, 25, 140, 290, 50, 340, 180, 95];

/** A comparison as one HTML file that needs nothing else: bars for every column, curves, the figures. */
export function comparisonPage(title: string, runs: readonly ComparedRun[]): string {
  const done = runs.filter((run) => run.summary !== null);
  const head = ['run', ...columns.map((column) => column.title)].map((text) => `<th>${text}</th>`).join('');
  const rows = runs.map((run, i) => `<tr><th>${key(i)}${escape(run.name)}</th>${cells(run)}</tr>`).join('\n');
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escape(title)}</title>
<style>
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { padding: .3rem .6rem; text-align: right; border-bottom: 1px solid #8884 }
th:first-child { text-align: left; font-weight: 500 }
td { position: relative } td i { position: absolute; inset: 15% 0 15% auto; opacity: .25; border-radius: 2px }
.key { display: inline-block; width: .8em; height: .8em; margin-right: .5em; border-radius: 2px }
svg { width: 100%; height: auto; margin-top: 1.5rem } svg text { fill: currentColor; font-size: 11px }
</style>
<h1>${escape(title)}</h1>
<table><thead><tr>${head}</tr></thead><tbody>
${rows}
</tbody></table>
${lossPlot(done, runs)}
${learningPlot(done, runs)}
</html>
`;

  function cells(run: ComparedRun): string {
    if (run.refusal !== null) return `<td colspan="${columns.length}">refused: ${escape(run.refusal)}</td>`;
    return columns
      .map(({ value, show }) => {
        const own = value(run);
        if (own === null) return '<td>-</td>';
        const most = largest(
          done.map((other) => value(other) ?? 0),
          Number.MIN_VALUE,
        );
        const bar = `<i style="width:${((100 * own) / most).toFixed(1)}%;background:${colour(runs.indexOf(run))}"></i>`;
        return `<td>${bar}${show(own)}</td>`;
      })
      .join('');
  }
}

/** The training loss against the share of the run that is done. */
function lossPlot(done: readonly ComparedRun[], runs: readonly ComparedRun[]): string {
  const curves = done.map(({ name, losses }) => ({
    name,
    points: losses.map((loss, i) => [(i + 0.5) / losses.length, loss] as const),
  }));
  return plot({ label: 'training loss over the runs', below: 'training loss, end of the run' }, curves, runs, 1);
}

/** The test loss against training samples, where runs were tested on their way. */
function learningPlot(done: readonly ComparedRun[], runs: readonly ComparedRun[]): string {
  const curves = done.flatMap(({ name, summary }) => {
    const points = (summary?.evaluations ?? []).flatMap(({ samples, testLoss }) =>
      testLoss === null ? [] : [[samples, testLoss] as const],
    );
    return points.length > 1 ? [{ name, points }] : [];
  });
  if (curves.length === 0) return '';
  const most = largest(curves.flatMap(({ points }) => points.map(([samples]) => samples)));
  const below = `test loss, ${most.toLocaleString('en')} samples`;
  return plot({ label: 'test loss over training samples', below }, curves, runs, most);
}

interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
}

/** One line a run in its colour; x from 0 to `end`, y from 0 to the largest. */
function plot(
  { label, below }: { readonly label: string; readonly below: string },
  curves: readonly Curve[],
  runs: readonly ComparedRun[],
  end: number,
): string {
  const most = largest(
    curves.flatMap(({ points }) => points.map(([, value]) => value)),
    Number.MIN_VALUE,
  );
  const x = (at: number) => PLOT.left + (at / end) * (PLOT.width - PLOT.left - 8);
  const y = (value: number) => 8 + (1 - value / most) * (PLOT.height - PLOT.bottom - 8);
  const lines = curves.map(({ name, points }) => {
    const drawn = points.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`);
    const stroke = colour(runs.findIndex((run) => run.name === name));
    return `<polyline points="${drawn.join(' ')}" fill="none" stroke="${stroke}" stroke-width="2"><title>${escape(name)}</title></polyline>`;
  });
  const marks = [0, most / 2, most].map(
    (value) => `<text x="${PLOT.left - 6}" y="${y(value) + 4}" text-anchor="end">${value.toPrecision(2)}</text>`,
  );
  return `<svg viewBox="0 0 ${PLOT.width} ${PLOT.height}" role="img" aria-label="${label}">
${marks.join('')}<text x="${x(0)}" y="${PLOT.height - 6}">start</text><text x="${x(end)}" y="${PLOT.height - 6}" text-anchor="end">${below}</text>
${lines.join('\n')}
</svg>`;
}

function key(i: number): string {
  return `<span class="key" style="background:${colour(i)}"></span>`;
}

function colour(i: number): string {
  return `hsl(${HUES[i % HUES.length] ?? 0} 65% ${i < HUES.length ? 50 : 70}%)`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
