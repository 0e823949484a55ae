import { estimatePart } from '../../shared/part-estimate.js';
import type { PartPlan, RunCard, RunOnCard } from '../../shared/run-card.js';
import { bytesText, whole } from './elements.js';
import { keptText } from './kept-text.js';

/** For whom a page has no place, and why, where that is so of the whole run. */
export const VERTICAL =
  'In this run each client has other columns of the same people or things, and trains the part of the model for these columns. A page cannot do that: take part with the program, by npx tandem join.';

/** So many samples of one's own are taken for an example, before anything is chosen. */
const EXAMPLE = 100;

/** Whether there is a place, in a sentence. */
export function placeSentence({ state, run }: RunCard): string {
  const free = run ? run.clients - run.here : undefined;
  const places =
    free === undefined
      ? 'There is a place free.'
      : `${whole(free)} of ${whole(run?.clients ?? 0)} places ${free === 1 ? 'is' : 'are'} free.`;
  switch (state) {
    case 'gathering':
      return `${places} Training begins when all places are taken.`;
    case 'training':
      return `${places} The run is on already; you would come in for the rest of it.`;
    case 'full':
      return 'All places of this run are taken. This page looks again by itself, and goes on when a place is free.';
    case 'over':
      return 'This run is over; there is nothing left to train.';
    case 'failed':
      return 'This run has ended before its time. Ask whoever runs the server whether there will be another one.';
  }
}

type Facts = readonly (readonly [name: string, text: string])[];

/** What somebody should know before anything is chosen, the most important first; of a run that is over, what there is to try. */
export function cardFacts(card: RunCard, run: RunOnCard): Facts {
  const { plan } = run;
  const about = ['What is trained', aboutText(run)] as const;
  if (!plan || card.state === 'over' || card.state === 'failed') return [about];
  return [
    about,
    ['Asked of you', askedText(plan, card.offersData)],
    ['Leaves this device', leavesText(plan)],
    ['Over the network, in all', amountText(plan, run)],
  ];
}

/** What only tells something to who knows how models are trained. */
export function cardDetails(run: RunOnCard): Facts {
  const { plan } = run;
  if (!plan) return [];
  return [
    ['Takes', plan.inputs.map(({ shape }) => shape.map((length) => length ?? 'any').join(' × ')).join(', ')],
    ['Topology', run.topology],
    ['Schedule', run.schedule],
    ['Samples in a step', whole(plan.batch)],
    ['Weights here', whole(plan.weights)],
  ];
}

function aboutText({ task, plan }: RunOnCard): string {
  if (!plan) return task;
  const many = classesText(plan);
  return `${task}: a model learns to tell the ${labelText(plan)} of ${isOfPictures(plan) ? 'a picture' : 'a row of a table'}${many}`;
}

function askedText(plan: PartPlan, offersData: boolean): string {
  const what = isOfPictures(plan) ? 'pictures' : 'rows of a table';
  const instead = offersData ? ', or no data: the server has some for you' : '';
  return `${what} of yours, with the ${labelText(plan)} of each${classesText(plan)}${instead}. Keep this page open while it trains`;
}

/** Whether its model can be shown a drawing. */
export function isOfPictures({ inputs }: Pick<PartPlan, 'inputs'>): boolean {
  const [height, width, channels] = inputs[0]?.shape ?? [];
  return inputs.length === 1 && Boolean(height && width) && (channels === 1 || channels === 3);
}

/** By the names of the task. */
function labelText({ labels }: Pick<PartPlan, 'labels'>): string {
  return labels.map(({ name }) => name).join(' and the ');
}

function classesText({ labels }: PartPlan): string {
  const most = labels[0]?.max;
  return labels.length === 1 && most !== undefined ? `, one of ${whole(most + 1)}` : '';
}

export function leavesText(plan: Pick<PartPlan, 'sends' | 'pool' | 'inputs' | 'labels'>): string {
  const { sends, pool } = plan;
  if (sends === 'weights') return 'what the model has learned here, after each round. None of your data';
  const [what, label] = [isOfPictures(plan) ? 'picture' : 'row', labelText(plan)];
  const labels = sends === 'smashed data and labels' ? `and its ${label}` : `but not its ${label}`;
  const kept = pool ? `. ${keptText(pool.epochs)}` : '';
  return `of each ${what} what the model’s first layers make of it, ${labels}. Not the ${what} itself; you see what is sent before you agree${kept}`;
}

/** Of the whole run where that is known, else for so many samples of one's own. */
function amountText(plan: PartPlan, { clients, offered }: RunOnCard): string {
  const isBounded = plan.steps !== null && plan.epochs === null;
  const own = offered ?? { samples: isBounded ? plan.batch : EXAMPLE, testSamples: 0 };
  const { bytes } = estimatePart(plan, clients, own);
  if (!bytes) return 'depends on how long your samples are';
  const amounts = `about ${bytesText(bytes.up)} sent, ${bytesText(bytes.down)} received`;
  if (offered) return `${amounts}; ${bytesText(offered.bytes)} more for data of the server`;
  return isBounded ? amounts : `${amounts}, for each ${EXAMPLE} samples of yours`;
}
