/** Changes of a client's link, for its log or its page. */
export type LinkNews =
  /** `graceSeconds`: how long the server keeps the client's place. */
  | { readonly kind: 'lost'; readonly reason: string; readonly graceSeconds: number }
  /** An attempt has failed for another reason than the last one. Attempts go on for `patienceSeconds` in all. */
  | { readonly kind: 'waiting'; readonly reason: string; readonly patienceSeconds: number }
  /** The link is silent: another one is tried beside it. */
  | { readonly kind: 'silent'; readonly seconds: number }
  | { readonly kind: 'back'; readonly seconds: number };

export type OnLinkNews = (news: LinkNews) => void;

/** One line for people. */
export function linkLine(news: LinkNews): string {
  switch (news.kind) {
    case 'lost':
      return (
        `the link to the server is lost (${news.reason}); coming back. ` +
        `The server keeps this client's place for ${news.graceSeconds} s once it has noticed; no step is lost until then`
      );
    case 'waiting':
      return `${news.reason}; trying for ${spanOf(news.patienceSeconds)}`;
    case 'silent':
      return (
        `nothing has come from the server for ${Math.round(news.seconds)} s, though the link stands: ` +
        'it computes, or the network is silent; looking for another link, no step is lost'
      );
    case 'back':
      return `the link to the server is back after ${news.seconds.toFixed(1)} s; no step was lost`;
  }
}

/** `5 minutes`, or `90 s`. */
export function spanOf(seconds: number): string {
  const minutes = seconds / 60;
  if (!Number.isInteger(minutes)) return `${seconds} s`;
  return minutes === 1 ? '1 minute' : `${minutes} minutes`;
}
