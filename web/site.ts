/** Where the server of a page is: a page's scripts are one folder below, wherever a proxy puts all of it. Ends in `/`. */
export function siteAddress(): string {
  return new URL('..', import.meta.url).href;
}
