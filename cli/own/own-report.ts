import { foldLine } from '../fold-line.js';
import { sayFigure } from '../../shared/preparation/answer.js';
import { runFiles } from '../../storage/run-folder.js';
import type { RunRecorder } from './run-recorder.js';

const WIDTH = 80;

/** The end of a run for people: its figures, where all of it lies, and what can be done next. */
export function ownReport({ folder, metrics, curve }: RunRecorder): string {
  const figures = Object.entries(metrics)
    .filter(([name]) => name !== 'loss')
    .map(([name, value]) => sayFigure(name, value));
  const best = curve.reduce<(typeof curve)[number] | undefined>(
    (kept, point) => ((point.testLoss ?? Infinity) < (kept?.testLoss ?? Infinity) ? point : kept),
    undefined,
  );
  const tested =
    figures.length > 0 ? `${figures.join(', ')} on rows no client trained on` : 'no rows were kept to test on';
  return [
    ...foldLine(`${best ? `best epoch ${best.round}: ` : ''}${tested}`, WIDTH, 2),
    `${folder}/   ${runFiles.record} ${runFiles.task} ${runFiles.curve} ${runFiles.report} ${runFiles.best}`,
    'next, the model for elsewhere, or the same run with real devices:',
    `  tandem export ${folder}`,
    `  tandem serve --task ${folder}/${runFiles.task} --clients 2`,
  ].join('\n');
}
