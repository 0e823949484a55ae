/** The live dashboard of a server: what its own link tells, drawn anew a few times a second. */
import type { DashboardState } from '../../shared/dashboard/state.js';
import { themeSwitch } from '../style/theme.js';
import { byId, setText } from './dom.js';
import { Clients } from './panels/clients.js';
import { ConfusionMatrix } from './panels/confusion.js';
import { Curves } from './panels/curves.js';
import { Head } from './panels/head.js';
import { Log } from './panels/log.js';
import { Situation } from './panels/situation.js';
import { Topology } from './panels/topology.js';
import { Traffic } from './panels/traffic.js';
import { saveButton, savedRun } from './saved-run.js';
import { Watch } from './watch.js';

const saved = savedRun();
const head = new Head();
const situation = new Situation(saved === null);
const topology = new Topology();
const curves = new Curves();
const clients = new Clients();
const traffic = new Traffic();
const confusion = new ConfusionMatrix();
const log = new Log();

let current: DashboardState | null = null;
let frame = 0;
let shownRun = '';

/** Once a frame at most, and not at all while nobody sees the page. */
function show(state: DashboardState): void {
  current = state;
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(() => draw(state));
}

function draw(state: DashboardState): void {
  if (state.facts.run !== shownRun) {
    shownRun = state.facts.run;
    clients.clear();
    log.clear();
  }
  byId('entry').hidden = true;
  byId('run').hidden = false;
  for (const panel of [head, situation, topology, curves, clients, traffic, confusion, log]) panel.update(state);
  setText(byId('foot'), `Run ${state.facts.run}`);
}

function notice(text: string | null): void {
  const shown = byId('notice');
  shown.hidden = text === null;
  setText(shown, text ?? '');
}

/** An invite in the address, behind the `#`, is never sent with it; it is taken out of the address, which may be shown around. */
function inviteInAddress(): string | null {
  const invite = new URLSearchParams(location.hash.slice(1)).get('invite');
  if (invite) history.replaceState(null, '', location.pathname);
  return invite;
}

function look(invite: string | null): void {
  const watch = new Watch(invite, {
    onState: (state) => {
      notice(null);
      show(state);
    },
    onLost: () => {
      const over = current?.ending ? 'The run is over and the server is gone. This is how it ended.' : null;
      notice(over ?? 'The server does not answer. Trying again.');
    },
    onRefused: (why, byInvite) => {
      byId('entry').hidden = !byInvite;
      if (byInvite) setText(byId('entry-why'), `The server does not show this run to you: ${why}.`);
      else notice(`The server does not show this run: ${why}.`);
    },
  });
  void watch.open();
}

function askForInvite(): void {
  byId('entry').addEventListener('submit', (event) => {
    event.preventDefault();
    look(byId<HTMLInputElement>('invite').value.trim());
  });
}

themeSwitch(byId<HTMLButtonElement>('theme'), () => curves.redraw());
addEventListener('resize', () => current && topology.update(current));
if (saved) {
  notice(`A run as it was saved on ${new Date(saved.at).toLocaleString('en-GB')}.`);
  byId('export').hidden = true;
  show(saved);
} else {
  saveButton(() => current);
  askForInvite();
  look(inviteInAddress());
}
