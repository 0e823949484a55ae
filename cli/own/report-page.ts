import { nameOfFigure, sayFigure } from '../../shared/preparation/answer.js';
import type { CurvePoint, RunRecord } from '../../storage/run-folder.js';

const PLOT = { width: 680, height: 240, left: 52, bottom: 24 } as const;

/** A run as one HTML file that needs nothing else: what was decided, the curve, the figures. */
export function reportPage(record: RunRecord): string {
  const { name, status, decided, curve, metrics, command, settings, versions, data } = record;
  const figures = Object.entries(metrics)
    .filter(([figure]) => figure !== 'loss')
    .map(([figure, value]) => `<li>${escape(sayFigure(figure, value))}</li>`);
  const facts = Object.entries({ ...settings, ...versions, data: data.path })
    .map(([key, value]) => `<tr><th>${escape(key)}</th><td>${escape(textOf(value))}</td></tr>`)
    .join('\n');
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escape(name)}</title>
<style>
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .25rem .8rem .25rem 0; text-align: left; font-weight: 400; border-bottom: 1px solid #8884 }
td { overflow-wrap: anywhere }
ul.figures { display: flex; flex-wrap: wrap; gap: .3rem 2rem; padding: 0; list-style: none; font-size: 1.2rem }
pre { white-space: pre-wrap } svg { width: 100%; height: auto; margin: 1rem 0 } svg text { fill: currentColor; font-size: 11px }
</style>
<h1>${escape(name)}</h1>
<p>${escape(status)}; ${data.trainRows.toLocaleString('en')} samples to train on, ${data.testRows.toLocaleString('en')} to test on</p>
<ul class="figures">${figures.join('')}</ul>
${lossPlot(curve)}
<pre>${escape(decided.join('\n'))}</pre>
<h2>Made with</h2>
<pre>${escape(command.join(' '))}</pre>
<table>
${facts}
</table>
<h2>Curve</h2>
${curveTable(curve)}
</html>
`;
}

function curveTable(curve: readonly CurvePoint[]): string {
  const figures = [...new Set(curve.flatMap((point) => Object.keys(point.metrics)))].filter((name) => name !== 'loss');
  const head = ['round', 'steps', 'seconds', 'loss', 'test loss', ...figures.map(nameOfFigure)];
  const rows = curve.map((point) =>
    [
      ...[point.round, point.steps, point.seconds.toFixed(1), shown(point.trainLoss), shown(point.testLoss)],
      ...figures.map((name) => shown(point.metrics[name] ?? null)),
    ]
      .map((cell) => `<td>${cell}</td>`)
      .join(''),
  );
  const line = (cells: string) => `<tr>${cells}</tr>`;
  return `<table>\n${[head.map((cell) => `<th>${cell}</th>`).join(''), ...rows].map(line).join('\n')}\n</table>`;
}

/** Both losses against rounds; nothing before there are two. */
function lossPlot(curve: readonly CurvePoint[]): string {
  const lines = [
    { label: 'training loss', colour: '#2a78d6', values: curve.map(({ trainLoss }) => trainLoss) },
    { label: 'test loss', colour: '#d65a2a', values: curve.map(({ testLoss }) => testLoss) },
  ];
  const known = lines.flatMap(({ values }) => values.filter((value) => value !== null));
  const most = known.reduce((a, b) => Math.max(a, b), 0);
  if (curve.length < 2 || !(most > 0)) return '';
  const { width, height, left, bottom } = PLOT;
  const x = (i: number) => left + ((width - left - 8) * i) / (curve.length - 1);
  const y = (value: number) => height - bottom - ((height - bottom - 24) * value) / most;
  const paths = lines.map(({ label, colour, values }, n) => {
    const points = values.flatMap((value, i) => (value === null ? [] : [`${x(i).toFixed(1)},${y(value).toFixed(1)}`]));
    const key = `<text x="${left + 120 * n}" y="12" style="fill:${colour}">${label}</text>`;
    return `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${points.join(' ')}"/>${key}`;
  });
  const axis = [0, most / 2, most].map(
    (value) =>
      `<line x1="${left}" x2="${width}" y1="${y(value)}" y2="${y(value)}" stroke="#8884"/>` +
      `<text x="${left - 6}" y="${y(value) + 4}" text-anchor="end">${value.toPrecision(2)}</text>`,
  );
  const ends = `<text x="${left}" y="${height - 6}">round ${curve[0]?.round ?? 1}</text><text x="${width - 8}" y="${height - 6}" text-anchor="end">${curve.at(-1)?.round ?? ''}</text>`;
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="training and test loss by round">${axis.join('')}${paths.join('')}${ends}</svg>`;
}

function shown(value: number | null): string {
  return value === null ? '-' : value.toLocaleString('en', { maximumSignificantDigits: 5 });
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
