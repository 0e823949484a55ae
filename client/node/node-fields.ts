import {
  callable,
  either,
  isObject,
  like,
  list,
  object,
  optional,
  text,
  type Fields,
} from '../../shared/fields/rules.js';
import { ownCodecRule } from '../../shared/wire/codec-rule.js';
import { commonFields } from '../join-fields.js';
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
  ...commonFields,
  ...entryFields,
  state: optional(either(text, like('a store', isObject), (value) => typeof value === 'string')),
  entrance: optional(object),
} satisfies Fields<JoinOptions>;

export const predictFields = {
  ...entryFields,
  entrance: optional(object),
  engine: optional(text),
  bottom: optional(text),
  onLabels: optional(callable),
  codecs: optional(list(ownCodecRule)),
  onLinkNews: optional(callable),
} satisfies Fields<PredictOptions>;
