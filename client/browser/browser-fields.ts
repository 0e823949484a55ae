import { object, optional, text, type Fields } from '../../shared/fields/rules.js';
import { commonFields } from '../join-fields.js';
import type { EntryOptions } from './entrance.js';
import type { JoinOptions } from './join.js';

const entryFields = { invite: optional(text), ticket: optional(text) } satisfies Fields<EntryOptions>;

export const joinFields = {
  ...commonFields,
  ...entryFields,
  wasmFiles: optional(text),
  entrance: optional(object),
} satisfies Fields<JoinOptions>;
