/** The page a link leads to: which run it is, data that stay here, what would be sent, consent, training, trying the model. */
import { TabClient } from '../../client/browser/tab-client.js';
import type { DataSource, LoadedFacts } from '../../client/browser/data/data-source.js';
import type { RunFacts } from '../../client/preview.js';
import { themeSwitch } from '../style/theme.js';
import { addressOf } from './address.js';
import { DataPanel } from './data-panel.js';
import { element, showFacts, whole } from './elements.js';
import { OwnModelPanel } from './own-model-panel.js';
import { openPredictPanel } from './predict-panel.js';
import { showPreview, shownRows } from './preview-panel.js';
import { sentenceFor } from './sentences.js';
import { TrainingPanel } from './training-panel.js';

/** What the server tells anybody; see server/http/site.ts. */
interface RunCard {
  readonly offersData?: boolean;
  readonly sharesModel?: boolean;
  readonly topology?: string;
  readonly schedule?: string;
}

const address = addressOf(location);
const tab = new TabClient(new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }));
const consent = element('consent', HTMLInputElement);
const showButton = element('show-preview', HTMLButtonElement);
const dataStatus = element('data-status', HTMLParagraphElement);
let loaded: LoadedFacts | undefined;
let loads = 0;

function trouble(error: unknown): void {
  const box = element('trouble', HTMLParagraphElement);
  box.textContent = sentenceFor(error);
  box.hidden = false;
}

/** What was agreed to holds for the data that were shown, and for no others. */
function withdrawConsent(): void {
  consent.checked = false;
  consent.disabled = true;
  training.allow(false);
  element('preview', HTMLDivElement).replaceChildren();
}

async function load(source: DataSource): Promise<void> {
  const turn = ++loads;
  withdrawConsent();
  loaded = undefined;
  showButton.disabled = true;
  element('trouble', HTMLParagraphElement).hidden = true;
  dataStatus.textContent = 'Reading…';
  try {
    const facts = await tab.load(source);
    if (turn !== loads) return;
    loaded = facts;
    dataStatus.textContent = source.kind === 'offered' ? sharedText(facts) : ownText(facts);
    showButton.disabled = facts.samples === 0;
    element('preview-text', HTMLParagraphElement).textContent = 'Look at what the server would get of your data.';
  } catch (error) {
    if (turn !== loads) return;
    dataStatus.textContent = '';
    trouble(error);
  }
}

function ownText({ samples, testSamples, classes }: LoadedFacts): string {
  const tests = testSamples > 0 ? `, ${whole(testSamples)} to test on` : '';
  const names = classes ? `, classes ${classes.map((name, i) => `${i}: ${name}`).join(', ')}` : '';
  return `${whole(samples)} samples to train on${tests}${names}. They stay on this device.`;
}

function sharedText({ samples }: LoadedFacts): string {
  return `${whole(samples)} samples of everybody are here; your share of them is dealt when you start.`;
}

async function preview(facts: RunFacts): Promise<void> {
  if (!loaded) return;
  showButton.disabled = true;
  try {
    showPreview(await tab.preview(shownRows(loaded.samples)), facts);
    consent.disabled = false;
  } catch (error) {
    trouble(error);
  } finally {
    showButton.disabled = false;
  }
}

async function open(): Promise<void> {
  const { label, reason } = await tab.prepare({ wasmFiles: new URL('/wasm/', location.href).href });
  element('engine', HTMLParagraphElement).textContent = `Engine: ${label}${reason === null ? '' : `. ${reason}`}`;
  const [facts, card] = await Promise.all([tab.describe(address), fetchCard()]);
  element('run-status', HTMLParagraphElement).textContent = `The server at ${location.host} trains '${facts.task}'.`;
  showFacts(element('run-facts', HTMLDListElement), [
    ['Task', facts.task],
    ['Clients', whole(facts.clients)],
    ...(card.topology === undefined ? [] : [['Topology', card.topology] as const]),
    ...(card.schedule === undefined ? [] : [['Schedule', card.schedule] as const]),
    ['Samples in a step', whole(facts.batch)],
    ['Takes', facts.inputs.map(({ shape }) => shape.map((length) => length ?? 'any').join(' × ')).join(', ')],
    ['Sends', facts.sends],
    ['Weights here', whole(facts.bottomWeights)],
  ]);
  const data = new DataPanel(facts, {
    offersData: card.offersData ?? false,
    onSource: (source) => void load(source),
    onTrouble: trouble,
  });
  began = () => data.close();
  showButton.addEventListener('click', () => void preview(facts));
  ended = () => {
    const model = new OwnModelPanel(tab, address);
    openPredictPanel((inputs) => model.predict(inputs), facts, trouble);
    if (card.sharesModel) model.offer();
  };
}

async function fetchCard(): Promise<RunCard> {
  const response = await fetch('/run.json').catch(() => undefined);
  return response?.ok ? ((await response.json()) as RunCard) : {};
}

let ended: () => void = () => undefined;
let began: () => void = () => undefined;
const training = new TrainingPanel(
  tab,
  address,
  () => ended(),
  () => {
    began();
    consent.disabled = true;
    element('sources', HTMLFieldSetElement).disabled = true;
  },
);
themeSwitch(element('theme', HTMLButtonElement), () => training.redraw());
consent.addEventListener('change', () => training.allow(consent.checked));
open().catch((error: unknown) => {
  element('run-status', HTMLParagraphElement).textContent = 'This run cannot be joined from here.';
  trouble(error);
});
