/** The page a link leads to: which run it is, data that stay here, what would be sent, consent, training, trying the model. */
import { TabClient } from '../../client/browser/tab-client.js';
import { browserConditions } from '../../client/browser/life/device-conditions.js';
import type { DataSource, LoadedFacts } from '../../client/browser/data/data-source.js';
import type { RunFacts } from '../../client/preview.js';
import { themeSwitch } from '../style/theme.js';
import { siteAddress } from '../site.js';
import { addressOf } from './address.js';
import { DataPanel } from './data-panel.js';
import { element, showFacts, whole } from './elements.js';
import { KeptPanel } from './kept-panel.js';
import { OwnModelPanel } from './own-model-panel.js';
import { openPredictPanel } from './predict-panel.js';
import { showPreview, shownRows } from './preview-panel.js';
import { sentenceFor } from './sentences.js';
import { openSparingPanel } from './sparing-panel.js';
import { TrainingPanel } from './training-panel.js';

/** What the server tells anybody; see server/http/site.ts. */
interface RunCard {
  readonly offersData?: boolean;
  readonly sharesModel?: boolean;
  readonly topology?: string;
  readonly schedule?: string;
}

const address = addressOf(siteAddress(), location.hash);
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

/** Reads data in the worker; `isShared` where everybody has the same. */
async function load(read: () => Promise<LoadedFacts>, isShared: boolean): Promise<void> {
  const turn = ++loads;
  withdrawConsent();
  loaded = undefined;
  showButton.disabled = true;
  element('trouble', HTMLParagraphElement).hidden = true;
  dataStatus.textContent = 'Reading…';
  try {
    const facts = await read();
    if (turn !== loads) return;
    loaded = facts;
    dataStatus.textContent = isShared ? sharedText(facts) : ownText(facts);
    showButton.disabled = facts.samples === 0;
    element('preview-text', HTMLParagraphElement).textContent = 'Look at what the server would get of your data.';
  } catch (error) {
    if (turn !== loads) return;
    dataStatus.textContent = '';
    trouble(error);
  }
}

function ownText({ samples, testSamples, classes, notes }: LoadedFacts): string {
  const tests = testSamples > 0 ? `, ${whole(testSamples)} to test on` : '';
  const names = classes ? `, classes ${classes.map((name, i) => `${i}: ${name}`).join(', ')}` : '';
  const said = notes.map((note) => ` ${note.charAt(0).toUpperCase()}${note.slice(1)}.`).join('');
  return `${whole(samples)} samples to train on${tests}${names}. They stay on this device.${said}`;
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
  const { label, reason } = await tab.prepare({ wasmFiles: `${siteAddress()}wasm/` });
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
    ['Sends', facts.sends === 'weights' ? 'weights of the model, no data' : facts.sends],
    ['Weights here', whole(facts.bottomWeights)],
  ]);
  const data = new DataPanel(facts, {
    offersData: card.offersData ?? false,
    onSource: (source: DataSource) => void load(() => tab.load(source), source.kind === 'offered'),
    onTrouble: trouble,
  });
  began = () => data.close();
  showButton.addEventListener('click', () => void preview(facts));
  ended = () => {
    const model = new OwnModelPanel(tab, address);
    openPredictPanel((inputs) => model.predict(inputs), facts, trouble);
    if (card.sharesModel) model.offer();
  };
  if (await kept.open(facts)) lockChoices();
}

function lockChoices(): void {
  consent.disabled = true;
  element('sources', HTMLFieldSetElement).disabled = true;
}

async function fetchCard(): Promise<RunCard> {
  // Without an answer the page says below that nobody is there.
  const response = await fetch(`${siteAddress()}run.json`).catch(() => undefined);
  return response?.ok ? ((await response.json()) as RunCard) : {};
}

let ended: () => void = () => undefined;
let began: () => void = () => undefined;
const kept = new KeptPanel({
  tab,
  address,
  onTrouble: trouble,
  onGoOn: (facts) => {
    loaded = facts;
    dataStatus.textContent = `The data of before: ${whole(facts.samples)} samples.`;
    // They were agreed to when they were given; other data are asked about anew.
    consent.checked = true;
    void training.train();
  },
  onUse: () => void load(() => tab.loadKept(address), false),
  onForget: async () => {
    await training.leaveRun();
    await tab.forget(address);
    withdrawConsent();
    element('sources', HTMLFieldSetElement).disabled = false;
  },
});
const training = new TrainingPanel({
  tab,
  address,
  keep: () => kept.canKeep,
  onBegin: () => {
    began();
    lockChoices();
  },
  onUnderWay: () => void keepSafe().then((isSafe) => kept.begun(isSafe)),
  onEnd: () => {
    ended();
    void kept.ended();
  },
  onFail: (error) => void kept.ended(error),
});
tab.follow({ document, window, connection: (navigator as { connection?: EventTarget }).connection });
void browserConditions().then((source) => openSparingPanel(source, (isSpared) => training.spare(isSpared)));

/** Asks the browser not to clear what is kept when the device runs out of room; some ask the person. */
function keepSafe(): Promise<boolean> {
  // A browser that refuses may delete what is kept, and the page says so.
  return kept.canKeep ? navigator.storage.persist().catch(() => false) : Promise.resolve(false);
}

themeSwitch(element('theme', HTMLButtonElement), () => training.redraw());
consent.addEventListener('change', () => training.allow(consent.checked));
open().catch((error: unknown) => {
  element('run-status', HTMLParagraphElement).textContent = 'This run cannot be joined from here.';
  trouble(error);
});
