import { asTandemError, TandemError } from '../../errors.js';
import type { RefusalCode } from '../../refusals.js';
import type { Segment, SegmentOptions } from '../engine.js';
import type { OnnxRuntime } from './runtime.js';

/** What can be asked of a segment in a thread of its own: first that it be made, then all that a segment can do. */
export interface ThreadCalls extends Omit<Segment, 'spec' | 'dispose'> {
  /** `lossOfSource`: the loss is the one of the task in `options.source`. */
  create(runtime: OnnxRuntime['kind'], options: SegmentOptions, lossOfSource: boolean): Promise<void>;
}

export type CallName = keyof ThreadCalls;

export type ThreadCall = {
  [Name in CallName]: { readonly id: number; readonly name: Name; readonly args: Parameters<ThreadCalls[Name]> };
}[CallName];

/** What the thread tells: one answer or failure for each call, and what people are to know. */
export type ThreadReply =
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly error: PlainError }
  | { readonly kind: 'notice'; readonly text: string }
  | { readonly kind: 'compiled'; readonly ms: number };

/** A TandemError as it travels: an Error that is cloned loses its class and its code. */
export interface PlainError {
  readonly code: RefusalCode;
  readonly message: string;
  readonly action: string;
  readonly step: number | undefined;
}

export function plainError(error: unknown): PlainError {
  const { code, message, action, step } = asTandemError(error);
  return { code, message, action, step };
}

export function revivedError({ code, message, action, step }: PlainError): TandemError {
  return new TandemError(code, message, action, step);
}

/**
 * Memory that can change hands instead of being copied: that of arrays which have a buffer to themselves. Only for
 * values nobody reads afterwards on this side.
 */
export function movable(value: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  const visit = (part: unknown) => {
    if (ArrayBuffer.isView(part)) {
      if (part.buffer instanceof ArrayBuffer && part.byteLength === part.buffer.byteLength) found.add(part.buffer);
    } else if (Array.isArray(part)) part.forEach(visit);
    else if (typeof part === 'object' && part !== null) Object.values(part).forEach(visit);
  };
  visit(value);
  return [...found];
}

/** Answers that are the caller's alone. What forward answers, backward still reads. */
export const freshAnswers: ReadonlySet<CallName> = new Set<CallName>([
  'backward',
  'gradients',
  'predict',
  'state',
  'weights',
]);
