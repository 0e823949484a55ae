import {
  given,
  callable,
  either,
  flag,
  like,
  object,
  optional,
  text,
  whole,
  type Fields,
} from '../shared/fields/rules.js';
import { limits } from '../shared/protocol/limits.js';
import type { ParticipateOptions } from './participate-options.js';

const place = like('[index, count], such as [0, 3]', (value) => {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [index, count] = value as [unknown, unknown];
  return (
    whole(0).fault(index) === undefined &&
    whole(1, limits.clients).fault(count) === undefined &&
    (index as number) < (count as number)
  );
});

const active = like("'active'", (value) => value === 'active');
const party = either(active, whole(0, limits.parties), (value) => typeof value === 'string');

/** What is said of a client's part in a run, wherever it runs. */
export const partFields = {
  data: given('{ train, test }, as in docs/tasks.md'),
  limit: optional(whole(1, limits.samples)),
  onTesting: optional(callable),
  segments: optional(whole(1, limits.segments)),
  bottom: optional(text),
  party: optional({ ...party, says: "'active', or the number of a passive party, from 0" }),
  aligned: optional(flag),
  leave: optional(object),
} satisfies Fields<
  Pick<ParticipateOptions, 'data' | 'limit' | 'onTesting' | 'segments' | 'bottom' | 'party' | 'aligned' | 'leave'>
>;

export const placeRule = optional(place);

/** What the options of `participate` may be. */
export const participateFields = {
  ...partFields,
  place: placeRule,
  takesShare: optional(flag),
  transport: object,
  engine: object,
  reconnect: optional(object),
  checkpoints: optional(object),
  heartbeatSeconds: optional(like('seconds above 0', (value) => typeof value === 'number' && value > 0)),
  software: optional(text),
} satisfies Fields<ParticipateOptions>;
