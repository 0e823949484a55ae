import type { DashboardState, Phase } from '../../../shared/dashboard/state.js';
import { byId, el, setText } from '../dom.js';
import { count, duration, milliseconds, lossText, metricOf, metricText, metricTitle } from '../format.js';
import { largest } from '../../../shared/extremes.js';

const PHASES: Readonly<Record<Phase, string>> = {
  gathering: 'waiting for clients',
  training: 'training',
  averaging: 'averaging',
  testing: 'testing',
  finished: 'finished',
  failed: 'failed',
};

/** The figure of the newest test, by whatever metric. */
const TESTED = 'Accuracy';

/** What the run is, how far it is, and its most important numbers. */
export class Head {
  private readonly run = bar('The run');
  private readonly round = bar('This round');
  private readonly figures = new Map<string, Record<'name' | 'value' | 'note', HTMLElement>>();

  constructor() {
    byId('course').replaceChildren(this.run.row, this.round.row);
    for (const title of ['Loss', TESTED, 'Samples a second', 'Time of a step']) {
      const name = el('dt', { class: 'quiet' }, title);
      const value = el('dd');
      const note = el('dd', { class: 'quiet note' });
      byId('figures').append(el('div', {}, name, value, note));
      this.figures.set(title, { name, value, note });
    }
  }

  update(state: DashboardState): void {
    const { facts, phase, progress, ending, traffic } = state;
    setText(byId('title'), facts.task);
    setText(
      byId('subtitle'),
      `${facts.topology}, ${facts.schedule}, ${clients(facts.clients)}, ${facts.engine} at the server, seed ${facts.seed}`,
    );
    const chip = byId('phase');
    setText(chip, PHASES[phase]);
    chip.dataset.phase = phase;
    document.title = `${facts.task}: ${PHASES[phase]} - Tandem`;

    const { steps, planned, round, stepsBefore, testing } = progress;
    const elapsed =
      progress.startedAt === null ? '' : `, ${duration((progress.endedAt ?? state.at) - progress.startedAt)}`;
    this.run.show(steps, planned, planned > 0 ? `step ${count(steps)} of ${count(planned)}${elapsed}` : 'not begun');
    const size = Math.min(stepsOfRound(state), planned - stepsBefore);
    const inRound = Math.min(size, steps - stepsBefore);
    if (phase === 'testing' && testing)
      this.round.show(
        testing.done,
        testing.samples,
        `testing: ${count(testing.done)} of ${count(testing.samples)} samples`,
      );
    else
      this.round.show(
        inRound,
        size,
        planned > 0
          ? `round ${round + 1}: ${count(inRound)} of about ${count(size)} steps`
          : `${here(state)} of ${facts.clients} clients are here`,
      );

    const newest = state.evaluations.at(-1);
    this.figure('Loss', lossText(progress.loss), 'running mean of training');
    const { metric } = facts;
    this.figure(
      TESTED,
      metricText(metric, metricOf(metric, newest)),
      newest ? `after ${count(newest.steps)} steps` : 'not tested yet',
      metricTitle(metric),
    );
    const over = ending?.kind === 'finished' ? ending.summary : null;
    this.figure(
      'Samples a second',
      count(over ? over.samplesPerSecond : traffic.samplesPerSecond),
      over ? 'over the whole run' : `${count(progress.samples)} so far`,
    );
    const { answer, away } = traffic;
    const halves = answer && away ? milliseconds(answer.p50 + away.p50) : '–';
    this.figure(
      'Time of a step',
      halves,
      answer && away ? `${milliseconds(answer.p50)} server, ${milliseconds(away.p50)} away` : 'not measured',
    );
  }

  private figure(key: string, value: string, note: string, title = key): void {
    const shown = this.figures.get(key);
    if (!shown) return;
    setText(shown.name, title);
    setText(shown.value, value);
    setText(shown.note, note);
  }
}

function bar(label: string) {
  const meter = el('progress', { 'aria-label': label, max: 1, value: 0 });
  const text = el('span', { class: 'quiet' });
  return {
    row: el('div', { class: 'course-row' }, meter, text),
    show(done: number, of: number, said: string) {
      meter.value = of > 0 ? Math.min(1, done / of) : 0;
      setText(text, said);
    },
  };
}

/** As far as the page can tell: clients with other numbers of samples, or that leave, make it another. */
function stepsOfRound({ facts, clients }: DashboardState): number {
  const each = clients.map(({ samples }) => facts.roundSteps ?? Math.ceil(samples / facts.batch));
  if (facts.data === 'features') return largest(each, 0);
  return Math.round(facts.participation * each.reduce((sum, steps) => sum + steps, 0));
}

function here({ clients }: DashboardState): number {
  return clients.filter((client) => client.here).length;
}

function clients(number: number): string {
  return number === 1 ? '1 client' : `${number} clients`;
}
