import { spanOf } from '../../client/link-news.js';
import { estimatePart } from '../../shared/part-estimate.js';
import type { PartPlan, PlaceOnCard, RunCard, RunOnCard } from '../../shared/run-card.js';
import { bytesText, whole } from './elements.js';
import { keptText } from './kept-text.js';

/** For whom a page has no place, and why, where that is so of the whole run. */
export const VERTICAL =
  'In this run each client has other columns of the same people or things. A page takes part only where all have the same rows in the same order and a table of them; here rows are matched by id, or a party has no table: take part with the program, by npx tandem join.';

const PARTY_ASKED =
  'a table with the columns of the place you take and one of ids, whose rows are those of all others, in the same order. Keep this page open while it trains';

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

/** What becomes of the part of who closes the page. */
export function keptForText(graceSeconds: number): string {
  return graceSeconds > 0
    ? `The server keeps your place for ${spanOf(graceSeconds)} when you are gone; after that you can start again, if a place is free.`
    : 'But this server keeps no place for who is gone: a reload ends your part, and you can start again if a place is free.';
}

/** The places that a page can take: those of a table. */
export function placesHere({ places = [] }: RunOnCard): readonly PlaceOnCard[] {
  return places.filter(({ plan: { inputs } }) => inputs.length === 1 && typeof inputs[0]?.shape[0] === 'number');
}

/** Whether a page can take part, once a place is chosen where there are several kinds. */
export function isForPages(run: RunOnCard): boolean {
  return run.plan !== null || placesHere(run).length > 0;
}

/** What a party has, by the names of its columns where the run says them. */
export function placeText({ party, plan, table }: PlaceOnCard): string {
  const width = plan.inputs[0]?.shape[0] ?? 0;
  const features = table?.columns.filter(({ kind }) => kind === 'number' || kind === 'category');
  const columns = features?.map(({ name }) => name).join(', ') ?? `${whole(width)} columns of numbers`;
  return party === 'active'
    ? `The party with the labels: ${columns}; the ${labelText(plan)}`
    : `Party ${party}: ${columns}`;
}

type Facts = readonly (readonly [name: string, text: string])[];

/** What somebody should know before anything is chosen, the most important first; of a run that is over, what there is to try. */
export function cardFacts(card: RunCard, run: RunOnCard): Facts {
  const { plan } = run;
  const about = ['What is trained', aboutText(run)] as const;
  if (!plan || card.state === 'over' || card.state === 'failed') return [about];
  return [
    about,
    ['Asked of you', run.places ? PARTY_ASKED : askedText(plan, sampleNames(run, plan).many, card.offersData)],
    ['Leaves this device', leavesText(plan, sampleNames(run, plan).brief)],
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

function aboutText(run: RunOnCard): string {
  const { task, plan } = run;
  if (!plan || plan.labels.length === 0) return task;
  const many = classesText(plan);
  return `${task}: a model learns to tell the ${labelText(plan)} of ${sampleNames(run, plan).one}${many}`;
}

function askedText(plan: PartPlan, what: string, offersData: boolean): string {
  const instead = offersData ? ', or no data: the server has some for you' : '';
  return `${what} of yours, with the ${labelText(plan)} of each${classesText(plan)}${instead}. Keep this page open while it trains`;
}

interface SampleNames {
  readonly one: string;
  readonly many: string;
  readonly brief: string;
}

const samples: Readonly<Record<NonNullable<RunOnCard['reads']>, SampleNames>> = {
  images: { one: 'a picture', many: 'pictures', brief: 'picture' },
  sound: { one: 'a sound', many: 'sounds', brief: 'sound' },
  table: { one: 'a row of a table', many: 'rows of a table', brief: 'row' },
  arrays: { one: 'a sample', many: 'samples', brief: 'sample' },
};

/** What the run's samples are called: as it reads them, or as their shape lets one think. */
function sampleNames({ reads }: RunOnCard, plan: PartPlan): SampleNames {
  return samples[reads ?? (isOfPictures(plan) ? 'images' : 'table')];
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

function leavesText(plan: PartPlan, what: string): string {
  const { sends, pool } = plan;
  if (sends === 'weights') return 'what the model has learned here, after each round. None of your data';
  const label = labelText(plan);
  const sent = sends === 'smashed data and labels' ? `and its ${label}` : `but not its ${label}`;
  const labels = plan.labels.length === 0 ? 'and no label' : sent;
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
