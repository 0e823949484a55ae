import { estimatePart } from '../../shared/part-estimate.js';
import { keptText, type PartPlan, type RunCard, type RunOnCard } from '../../shared/run-card.js';
import { bytesText, whole } from './elements.js';

/** For whom a page has no place, and why, where that is so of the whole run. */
export const VERTICAL =
  'In this run each client has other columns of the same people or things, and their rows have to be found by id and put in one order. A page cannot do that: take part with the program, by npx tandem join.';

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

/** What somebody should know before anything is chosen, the most important first. */
export function cardFacts(card: RunCard, run: RunOnCard): (readonly [string, string])[] {
  const { plan } = run;
  const about = [
    ['What is trained', run.task],
    ['Who takes part', `${run.here} of ${run.clients} are here`],
  ] as const;
  if (!plan) return [...about];
  return [
    ...about,
    ['Asked of you', askedText(plan, card.offersData)],
    ['Leaves this device', leavesText(plan)],
    ['Over the network, in all', amountText(plan, run)],
    ['Takes', plan.inputs.map(({ shape }) => shape.map((length) => length ?? 'any').join(' × ')).join(', ')],
    ['Topology', run.topology],
    ['Schedule', run.schedule],
    ['Samples in a step', whole(plan.batch)],
    ['Weights here', whole(plan.weights)],
  ];
}

function askedText({ inputs, labels }: PartPlan, offersData: boolean): string {
  const [height, width, channels] = inputs[0]?.shape ?? [];
  const isImage = inputs.length === 1 && height && width && (channels === 1 || channels === 3);
  const what = isImage ? 'pictures' : 'rows of a table';
  const most = labels[0]?.max;
  const label = most === undefined ? 'what to learn of each' : `which of ${whole(most + 1)} classes each is`;
  const instead = offersData ? ', or no data: the server has some for you' : '';
  return `${what} of yours, with ${label}${instead}. Keep this page open while it trains`;
}

export function leavesText({ sends, pool }: Pick<PartPlan, 'sends' | 'pool'>): string {
  if (sends === 'weights') return 'what the model has learned here, after each round. None of your data';
  const labels = sends === 'smashed data and labels' ? 'and its label' : 'but no label';
  const kept = pool ? `. ${keptText(pool.epochs)}` : '';
  return `of each sample what the model’s first layers make of it, ${labels}. Not the sample itself; you see it before you agree${kept}`;
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
