import { browserConditions } from '../../client/browser/life/device-conditions.js';
import { TabClient } from '../../client/browser/tab-client.js';
import type { RunAddress } from '../../client/browser/worker/calls.js';
import type { RunFacts } from '../../client/preview.js';
import type { PlaceOnCard, RunCard, RunOnCard } from '../../shared/run-card.js';
import { siteAddress } from '../site.js';
import { isForPages, keptForText, placesHere } from './card-sentences.js';
import { Choice } from './choice.js';
import { DataPanel, type DataPanelOptions } from './data-panel.js';
import { element } from './elements.js';
import { KeptPanel } from './kept-panel.js';
import { LeaveGuard } from './leave-guard.js';
import type { LoadingPanel } from './loading-panel.js';
import { OwnModelPanel } from './own-model-panel.js';
import { PlacePanel } from './place-panel.js';
import { goToPredictPanel, openPredictPanel } from './predict-panel.js';
import { isOpen, type RunPanel } from './run-panel.js';
import { openSparingPanel } from './sparing-panel.js';
import { TrainingPanel } from './training-panel.js';
import { showTrouble } from './trouble.js';

/** A tab from the moment there is a place for it: it loads what computes, and goes with the person from the choice of data to the model. */
export class TakingPart {
  private readonly tab = new TabClient(new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }));
  private readonly guard = new LeaveGuard();
  private readonly choice: Choice;
  private readonly kept: KeptPanel;
  private readonly training: TrainingPanel;
  private data: DataPanel | undefined;
  private isWaitedFor = true;
  private place: PlaceOnCard | undefined;
  private readonly address: { -readonly [Key in keyof RunAddress]: RunAddress[Key] };

  constructor(
    address: RunAddress,
    private readonly run: RunPanel,
    private readonly loading: LoadingPanel,
  ) {
    const { tab } = this;
    this.address = { ...address };
    this.choice = new Choice(tab, (isGiven) => this.training.allow(isGiven));
    this.training = this.openTraining();
    this.kept = this.openKept();
    tab.watchLoading((each) => (this.training.isBeginning ? this.training.load(each) : loading.update(each)));
    tab.follow({ document, window, connection: (navigator as { connection?: EventTarget }).connection });
    void browserConditions().then((source) => openSparingPanel(source, (isSpared) => this.training.spare(isSpared)));
  }

  redraw(): void {
    this.training.redraw();
  }

  /** Lets the person choose, or goes on with what is kept. Throws why this run cannot be joined from here. */
  async open(first: RunCard): Promise<void> {
    const known = await this.knownCard(first);
    if (known.run && !isForPages(known.run)) return this.loading.end();
    const card = await this.placed(known);
    this.isWaitedFor = card.graceSeconds > 0;
    element('keeps-for', HTMLSpanElement).textContent = keptForText(card.graceSeconds);
    // Of use to nobody before there is a run: it comes with what computes.
    const [facts, { FilesPanel }] = await Promise.all([this.describe(), import('./files-panel.js')]);
    for (const part of document.querySelectorAll<HTMLElement>('.part')) part.hidden = false;
    const options: DataPanelOptions = {
      offersData: card.offersData && !this.place,
      ...(this.place ? { place: this.place } : {}),
      onChoice: () => this.choice.undo(),
      onSource: (source) => void this.choice.load(source),
      onTrouble: (error) => this.choice.refuse(error),
    };
    this.data = new DataPanel(facts, options, new FilesPanel(facts, options));
    this.choice.open(facts);
    this.training.plan(card, () => this.choice.data);
    this.ended = () => this.offerModel(card, facts);
    this.run.watch(() => this.askAgain(card));
    if (await this.kept.open(facts)) this.lockChoices();
  }

  /** For who comes when the run is over: the model, and nothing to train. */
  async openModel(first: RunCard): Promise<void> {
    const card = await this.knownCard(first);
    // What no party can ask alone can be taken along.
    if (card.run && !card.run.plan) return this.offerFiles();
    this.offerModel(card, await this.describe());
    if (!element('predict', HTMLElement).hidden) goToPredictPanel();
    else if (!card.sharesModel)
      this.run.rest('This run is over. Its model takes no pictures, so it cannot be tried here.');
  }

  /** All of what the server says, where it says it to those with an invite only. */
  private async knownCard(card: RunCard): Promise<RunCard> {
    if (card.run || this.address.invite === undefined) return card;
    this.loading.begin('Asking the server, with your invite');
    const known = await this.tab.card(this.address);
    this.run.show(known);
    return known;
  }

  /** What a stranger is told is asked for without an invite: each showing of it takes a ticket. */
  private async askAgain(known: RunCard): Promise<RunCard> {
    const card = this.withPlace(await this.run.ask());
    return card.run || !known.run || !isOpen(card) ? card : { ...known, state: card.state };
  }

  /** The card with the place that this page takes, where each is another one. */
  private async placed(card: RunCard): Promise<RunCard> {
    const { run } = card;
    if (!run || run.plan) return card;
    const panel = new PlacePanel();
    this.loading.end();
    // A page that keeps nothing has had no place before.
    const kept = await this.tab.kept(this.address).catch(() => null);
    const before = placesHere(run).find(({ party }) => party === kept?.party);
    if (before) panel.close(before);
    else this.run.watch(() => this.askForPlaces(card, panel));
    this.place = before ?? (await panel.choose(run));
    this.address.party = this.place.party;
    const mine = this.withPlace(card);
    this.run.show(mine);
    return mine;
  }

  private async askForPlaces(card: RunCard, panel: PlacePanel): Promise<RunCard> {
    const now = await this.askAgain(card);
    if (now.run) panel.update(now.run);
    return now;
  }

  private withPlace(card: RunCard): RunCard {
    const run: RunOnCard | undefined = card.run && this.place ? { ...card.run, plan: this.place.plan } : card.run;
    return run ? { ...card, run } : card;
  }

  private async describe(): Promise<RunFacts> {
    await this.prepare();
    this.loading.begin('Fetching the model’s part that is yours');
    const facts = await this.tab.describe(this.address);
    this.loading.end();
    return facts;
  }

  private async prepare(): Promise<void> {
    this.loading.begin('Loading what computes');
    const { label, reason } = await this.tab.prepare({ wasmFiles: `${siteAddress()}wasm/` });
    element('engine', HTMLParagraphElement).textContent = `Engine: ${label}${reason === null ? '' : `. ${reason}`}`;
  }

  private async offerFiles(): Promise<void> {
    await this.prepare();
    new OwnModelPanel(this.tab, this.address).offer();
    this.loading.end();
  }

  private offerModel({ sharesModel }: RunCard, facts: RunFacts): void {
    const model = new OwnModelPanel(this.tab, this.address);
    openPredictPanel(
      (inputs) => model.predict(inputs),
      facts,
      (error) => showTrouble('predict', error),
    );
    if (sharesModel) model.offer();
  }

  private ended: () => void = () => undefined;

  private openTraining(): TrainingPanel {
    return new TrainingPanel({
      tab: this.tab,
      address: this.address,
      keep: () => this.kept.canKeep,
      onBegin: () => {
        this.data?.close();
        this.run.rest('You take part in this run.');
        this.lockChoices();
        // A server that waits for nobody has no place for who comes back, whatever is kept here.
        this.guard.set(!this.kept.canKeep || !this.isWaitedFor);
      },
      onUnderWay: () => {
        void this.keepSafe().then((isSafe) => this.kept.begun(isSafe));
      },
      onEnd: () => {
        this.run.rest('This run is over.');
        this.over();
        this.ended();
        void this.kept.ended();
      },
      onFail: (error) => {
        this.run.rest('You do not take part in this run now.');
        this.over();
        void this.kept.ended(error);
      },
    });
  }

  private openKept(): KeptPanel {
    return new KeptPanel({
      tab: this.tab,
      address: this.address,
      onTrouble: (error) => showTrouble('run', error),
      onGoOn: (facts) => {
        this.choice.goOn(facts);
        void this.training.train();
      },
      onUse: () => void this.choice.use(() => this.tab.loadKept(this.address)),
      onForget: async () => {
        await this.training.leaveRun();
        await this.tab.forget(this.address);
        this.choice.undo();
        element('sources', HTMLFieldSetElement).disabled = false;
      },
    });
  }

  private over(): void {
    this.loading.end();
    this.guard.set(false);
  }

  private lockChoices(): void {
    this.choice.close();
    element('sources', HTMLFieldSetElement).disabled = true;
  }

  /** Asks the browser not to clear what is kept when the device runs out of room; some ask the person. */
  private keepSafe(): Promise<boolean> {
    // A browser that refuses may delete what is kept, and the page says so.
    return this.kept.canKeep ? navigator.storage.persist().catch(() => false) : Promise.resolve(false);
  }
}
