import type { SegmentSpec } from '../../model/segment-spec.js';

/** What a segment has to tell while it works. */
export interface SegmentReports {
  /** It runs more slowly than it might: one line that says why. */
  notice(text: string): void;
  /** Its first training step is compiled. */
  compiled(ms: number): void;
}

/** As people count: `segment 1 of 2` is the bottom. */
export function segmentName({ index, of }: SegmentSpec): string {
  return `segment ${index + 1} of ${of}`;
}

/** Why a segment that should have a thread of its own has none. */
export function stayNotice(spec: SegmentSpec, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return `${segmentName(spec)} computes in the main thread: ${reason}`;
}
