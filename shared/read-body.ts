import { TandemError } from './errors.js';

/** How much of something has come over the network. */
export interface Loading {
  /** What it is, for people: `the engine`. */
  readonly what: string;
  readonly bytes: number;
  /** Null where nobody has said it. */
  readonly of: number | null;
}

export type OnLoading = (loading: Loading) => void;

/** For what comes in several files at a time: each tells of itself, and `onLoading` hears of all of them in one. */
export function loadingTogether(onLoading: OnLoading): () => OnLoading {
  const files = new Map<number, Loading>();
  let count = 0;
  return () => {
    const place = count++;
    return (loading) => {
      files.set(place, loading);
      const known = [...files.values()];
      const isTold = known.every(({ of }) => of !== null);
      const sum = (numbers: readonly number[]) => numbers.reduce((all, number) => all + number, 0);
      const of = isTold ? sum(known.map((each) => each.of ?? 0)) : null;
      onLoading({ what: loading.what, bytes: sum(known.map(({ bytes }) => bytes)), of });
    };
  };
}

/** Reads an answer to its end, and tells how much has come. `of`, where it is known: what is compressed on its way has no other total. Throws UNREACHABLE where it breaks off. */
export async function readBody(
  response: Response,
  what: string,
  onLoading: OnLoading = () => undefined,
  of = lengthOf(response),
): Promise<Uint8Array<ArrayBuffer>> {
  if (!response.body) return new Uint8Array(await response.arrayBuffer());
  const reader = response.body.getReader();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  onLoading({ what, bytes, of });
  for (;;) {
    const { value, done } = await reader.read().catch((error: unknown) => {
      throw new TandemError('UNREACHABLE', `${what} did not come to its end: ${String(error)}`);
    });
    if (done) break;
    chunks.push(value);
    bytes += value.length;
    onLoading({ what, bytes, of });
  }
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function lengthOf({ headers }: Response): number | null {
  const length = headers.get('content-length');
  return length === null || headers.has('content-encoding') ? null : Number(length);
}
