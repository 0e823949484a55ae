/** What a browser has for this page, as far as a part in a run depends on it. */
export interface PagePowers {
  readonly isSecureContext: boolean;
}

/** What a browser keeps from a page that came over plain http, for the person at it; null where it keeps nothing back. */
export function withheldText({ isSecureContext }: PagePowers): string | null {
  if (isSecureContext) return null;
  return (
    'This page came over plain http from another machine, so the browser keeps some things from it: your part is not kept, ' +
    'and a reload or a closed tab ends it; there is no camera, no graphics processor, and no threads. ' +
    'Whoever runs the server can start it with --lan, and then the link begins with https.'
  );
}
