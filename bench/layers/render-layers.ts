import { inSection } from '../markdown.js';
import { layerNets } from './layer-nets.js';
import { places, type CutOutcome, type Place } from './try-layer.js';

/** What was measured, a class of tfjs each. */
export interface LayerResults {
  readonly tfjs: string;
  readonly layers: Readonly<Record<string, Readonly<Record<Place, CutOutcome>>>>;
}

/** A page with the table of all layers in its place. */
export function withLayerTable(page: string, results: LayerResults): string {
  return inSection(page, 'layers', layerTable(results));
}

function layerTable({ tfjs, layers }: LayerResults): string {
  const sentences: string[] = [];
  const cell = (outcome: CutOutcome) => show(outcome, sentences);
  const rows = Object.entries(layerNets).map(([name, net]) => {
    if (typeof net === 'string') return [`\`${name}\``, net, '', ''];
    const tried = layers[name];
    return [`\`${name}\``, ...places.map((place) => (tried ? cell(tried[place]) : '-'))];
  });
  const notes = sentences.map((sentence, i) => `${i + 1}. ${sentence}`);
  const caption = `\`npm run docs:layers\` measured this, with tfjs ${tfjs}.`;
  return [
    padded([['layer', 'cut before it', 'cut at it', 'cut after the next'], ...rows]),
    '',
    ...notes,
    '',
    caption,
  ].join('\n');
}

function show(outcome: CutOutcome, sentences: string[]): string {
  const noted = (sentence: string) => {
    if (!sentences.includes(sentence)) sentences.push(sentence);
    return sentences.indexOf(sentence) + 1;
  };
  switch (outcome.kind) {
    case 'exact':
      return 'exact';
    case 'on tfjs':
      return `exact, on tfjs (${noted(`not compiled: ${outcome.why}`)})`;
    case 'refused':
      return `refused (${noted(`\`${outcome.code}\`: ${outcome.sentence}`)})`;
    case 'differs':
      return `differs by ${outcome.largest.toPrecision(1)} on ${outcome.engine}`;
  }
}

function padded(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => rows.reduce((most, row) => Math.max(most, row[i]?.length ?? 0), 3));
  const line = (cells: readonly string[]) => `| ${cells.map((text, i) => text.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body.map(line)].join('\n');
}
