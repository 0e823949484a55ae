import { callable, flag, object, optional, text, type Fields } from '../../shared/fields/rules.js';
import { partFields, placeRule } from '../join-fields.js';
import type { EntryOptions } from './entrance.js';
import type { JoinOptions } from './join.js';

const { data, limit, onTesting, leave } = partFields;

const entryFields = { invite: optional(text), ticket: optional(text) } satisfies Fields<EntryOptions>;

export const joinFields = {
  ...entryFields,
  data,
  limit,
  onTesting,
  leave,
  place: placeRule,
  takesShare: optional(flag),
  checkpoints: optional(object),
  engine: optional(text),
  loadedEngine: optional(object),
  wasmFiles: optional(text),
  entrance: optional(object),
  onLinkNews: optional(callable),
  links: optional(object),
} satisfies Fields<JoinOptions>;
