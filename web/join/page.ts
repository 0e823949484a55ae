/** The page a link leads to: whether there is a place and what is asked, before anything is loaded; then what TakingPart does. */
import { isPartKept } from '../../client/browser/life/tab-database.js';
import { TandemError } from '../../shared/errors.js';
import type { RunCard } from '../../shared/run-card.js';
import { siteAddress } from '../site.js';
import { themeSwitch } from '../style/theme.js';
import { addressOf } from './address.js';
import { isForPages, isOfPictures } from './card-sentences.js';
import { element } from './elements.js';
import { LoadingPanel } from './loading-panel.js';
import { isOpen, RunPanel } from './run-panel.js';
import { TakingPart } from './taking-part.js';
import { showTrouble } from './trouble.js';
import { withheldText } from './withheld.js';

const address = addressOf(siteAddress(), location.hash);
const run = new RunPanel();
const loading = new LoadingPanel();
let part: TakingPart | undefined;

async function open(): Promise<void> {
  loading.begin('Asking the server');
  const [first, isKept] = await Promise.all([ask(), isPartKept(address.url)]);
  run.show(first);
  showWithheld();
  // Who comes back has a place that is still waited for.
  const card = isKept ? first : await whenOpen(first);
  if (!card || (card.run && !isForPages(card.run))) return loading.end();
  await takePart().open(card);
}

/** Waits for a place; undefined where there will be none. Nothing is loaded meanwhile. */
async function whenOpen(first: RunCard): Promise<RunCard | undefined> {
  loading.end();
  const card = first.state === 'full' ? await run.until(({ state }) => state !== 'full') : first;
  if (isOpen(card)) return card;
  if (card.state === 'over' && card.answersAfter && canTry(card)) offerToTry(card);
  return undefined;
}

/** A model can be tried here with a drawing, or be taken along. What it takes is not told to those without an invite; one of several parties is none for one of them. */
function canTry({ run, sharesModel }: RunCard): boolean {
  return sharesModel || !run || (run.plan !== null && isOfPictures(run.plan));
}

function offerToTry(card: RunCard): void {
  element('try-choice', HTMLParagraphElement).hidden = false;
  const button = element('try', HTMLButtonElement);
  button.addEventListener('click', () => {
    button.disabled = true;
    takePart().openModel(card).catch(failed);
  });
}

function takePart(): TakingPart {
  return (part ??= new TakingPart(address, run, loading));
}

async function ask(): Promise<RunCard> {
  return run.ask().catch(() => {
    throw new TandemError('UNREACHABLE', 'the server does not answer');
  });
}

function showWithheld(): void {
  const text = withheldText(globalThis);
  const note = element('withheld', HTMLParagraphElement);
  note.textContent = text;
  note.hidden = text === null;
}

function failed(error: unknown): void {
  loading.end();
  element('run-status', HTMLParagraphElement).textContent = 'This run cannot be joined from here.';
  showTrouble('run', error);
}

themeSwitch(element('theme', HTMLButtonElement), () => part?.redraw());
open().catch(failed);
