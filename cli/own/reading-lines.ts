const EVERY_MS = 5000;

export interface ReadingLinesOptions {
  readonly write?: (text: string) => void;
  readonly now?: () => number;
}

/** Says now and then how far the reading of much has come: a line every five seconds, and none for what takes less. */
export function readingLines({
  write = (text) => void process.stderr.write(text),
  now = () => performance.now(),
}: ReadingLinesOptions = {}): (what: string, share: number) => void {
  let last = now();
  return (what, share) => {
    if (now() - last < EVERY_MS) return;
    last = now();
    write(`${what}: ${Math.floor(100 * share)} %\n`);
  };
}
