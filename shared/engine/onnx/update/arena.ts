/**
 * Memory that both WebAssembly and ONNX Runtime work on. One WebAssembly memory reserves gigabytes of address space, so
 * many small segments share one; it never grows, since growing would detach every view.
 */
export interface Region {
  readonly memory: WebAssembly.Memory;
  /** First byte. */
  readonly start: number;
  free(): void;
}

const PAGE = 65536;
const CHUNK = 512 * PAGE;
/** A cache line, which is also the alignment that ONNX Runtime likes. */
export const ALIGNMENT = 64;

interface Chunk {
  readonly memory: WebAssembly.Memory;
  next: number;
  regions: number;
}

let shared: Chunk | undefined;

/** Reserves zeroed memory. */
export function reserve(bytes: number): Region {
  if (bytes > CHUNK / 4) return take(newChunk(bytes), bytes);
  if (!shared || shared.next + bytes > CHUNK) shared = newChunk(CHUNK);
  return take(shared, bytes);
}

function newChunk(bytes: number): Chunk {
  const pages = Math.max(1, Math.ceil(bytes / PAGE));
  return { memory: new WebAssembly.Memory({ initial: pages, maximum: pages }), next: 0, regions: 0 };
}

function take(chunk: Chunk, bytes: number): Region {
  const start = chunk.next;
  chunk.next += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
  chunk.regions++;
  let freed = false;
  return {
    memory: chunk.memory,
    start,
    free() {
      if (freed) return;
      freed = true;
      chunk.regions--;
      // The chunk in use starts over when nobody holds a part of it; others are left to the garbage collector.
      if (chunk.regions > 0) return;
      new Uint8Array(chunk.memory.buffer, 0, chunk.next).fill(0);
      chunk.next = 0;
    },
  };
}
