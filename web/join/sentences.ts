import { spanOf, type LinkNews } from '../../client/link-news.js';
import { asTandemError } from '../../shared/errors.js';
import type { RefusalCode } from '../../shared/refusals.js';

/** What a person at a page can do, where the words for programs do not help. */
const instead: Partial<Record<RefusalCode, string>> = {
  BAD_VERSION:
    'This page and the server are of different versions of Tandem. Load the page again; if that does not help, ask for a new link.',
  NO_ENTRY:
    'The server lets in only who has an invite, and this link has none that is good: it may be used up, ended or cut short. Open the whole link you were given, or ask for a new one.',
  WRONG_ROLE: 'The invite of this link is not good for that. Ask whoever runs the server for another link.',
  WRONG_ORIGIN:
    'The server takes no visitors from this page’s address. Open the link that the server itself shows, or ask whoever runs it to add this page with --allow-origin.',
  WRONG_HOST:
    'The server does not know itself by the name in this address. Ask whoever runs it to start it with --host-name and this name.',
  NOT_SHARED: 'This run does not give its model away. Ask whoever runs the server to start it with --share-model.',
  RUN_FULL: 'All places of this run are taken. Ask whoever runs the server for another run.',
  RUN_OVER: 'This run is over; there is nothing left to train.',
  UNREACHABLE: 'No server answers any more. Whoever runs it may have ended it, or your network is down.',
  LINK_LOST: 'The connection was lost and did not come back.',
  TAKEN_OVER: 'Another tab of this browser takes part in this run, and goes on there.',
  SESSION_LOST:
    'The run went on without this device, which was away for too long. Start again to come in anew, if there is a place.',
  CANCELLED: 'You have left the run. Thank you for your part in it.',
};

const STOPPED =
  'Whoever runs the server has stopped it. Ask them whether it will run again, and load the page again then.';

const PLACE_TAKEN = 'Somebody else has taken this place. Load this page again to choose another one.';

/** Why something did not work, in a sentence for the person at the page, with the code that helps whoever runs the server. */
export function sentenceFor(thrown: unknown): string {
  const { code, message, action } = asTandemError(thrown);
  const words = wordsFor(code, message);
  return words === undefined ? `${capital(message)}. ${capital(action)}. (${code})` : `${words} (${code})`;
}

function wordsFor(code: RefusalCode, message: string): string | undefined {
  // The same code as of one's own leaving, but it was the server that said it.
  if (code === 'CANCELLED' && message.startsWith('the server')) return STOPPED;
  // A party's place is taken, where others may be free.
  if (code === 'RUN_FULL' && message.startsWith('party')) return PLACE_TAKEN;
  return instead[code];
}

/** A sentence begins with a capital, unless it begins with a name: of a file, a field, or of anything that is not a plain word. */
export function capital(text: string): string {
  const plain = text.replace(/\.$/, '');
  const [subject = ''] = plain.split(/ (?:is|are|has|have|hold|holds|cannot|lacks|does|was|were)\b|[:,]/);
  return /[./\\_\d'"]|[a-z][A-Z]/.test(subject) ? plain : plain.charAt(0).toUpperCase() + plain.slice(1);
}

/** What becomes of the page's link, for the person at it; times are the run's own. */
export function linkSentence(news: LinkNews): string {
  switch (news.kind) {
    case 'lost':
      return `The connection was lost. The server keeps this device's place for ${spanOf(news.graceSeconds)}; if it is back by then, no step is lost.`;
    case 'waiting':
      return `The server cannot be reached. ${capital(news.reason)}. This page tries for ${spanOf(news.patienceSeconds)}, and goes on where it was if the server still keeps its place.`;
    case 'silent':
      return 'Nothing has come from the server for a while: it computes, or the network is silent. This page looks for another way; no step is lost.';
    case 'back':
      return 'Training.';
  }
}
