import { callable, object, optional, text, type Fields } from '../../shared/fields/rules.js';
import { partFields, placeRule } from '../join-fields.js';
import type { EntryOptions } from './connect.js';
import type { DownloadOptions } from './download.js';
import type { JoinOptions } from './join.js';
import type { PredictOptions } from './predict.js';

/** What the options about the way into a server may be. */
export const entryFields = {
  invite: optional(text),
  key: optional(text),
  ca: optional(text),
  proxy: optional(text),
} satisfies Fields<EntryOptions>;

export const downloadFields = {
  ...entryFields,
  entrance: optional(object),
  standing: optional(text),
  onLinkNews: optional(callable),
} satisfies Fields<DownloadOptions>;

export const joinFields = {
  ...partFields,
  ...entryFields,
  shard: placeRule,
  state: optional(text),
  onTrouble: optional(callable),
  engine: optional(text),
  entrance: optional(object),
  onLinkNews: optional(callable),
  loadedEngine: optional(object),
} satisfies Fields<JoinOptions>;

export const predictFields = {
  ...entryFields,
  engine: optional(text),
  bottom: optional(text),
  onLabels: optional(callable),
  onLinkNews: optional(callable),
} satisfies Fields<PredictOptions>;
