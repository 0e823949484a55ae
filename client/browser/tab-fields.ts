import { flag, optional, text, type Fields } from '../../shared/fields/rules.js';
import { party } from '../join-fields.js';
import type { EngineOptions, RunAddress, TrainOptions } from './worker/calls.js';

/** What a page may ask of its worker; the page checks it, so that it carries no more than this. */
export const engineFields = { engine: optional(text), wasmFiles: optional(text) } satisfies Fields<EngineOptions>;
export const trainFields = { keep: optional(flag) } satisfies Fields<TrainOptions>;
export const addressFields = {
  url: text,
  invite: optional(text),
  ticket: optional(text),
  inferInvite: optional(text),
  party: optional(party),
} satisfies Fields<RunAddress>;
