/** How much of something has come over the network. */
export interface Loading {
  /** What it is, for people: `the engine`. */
  readonly what: string;
  readonly bytes: number;
  /** Null where nobody has said it. */
  readonly of: number | null;
}

export type OnLoading = (loading: Loading) => void;

/** Reads an answer to its end, and tells how much has come. `of`, where it is known: what is compressed on its way has no other total. */
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
    const { value, done } = await reader.read();
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
