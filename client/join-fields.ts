import {
  given,
  callable,
  either,
  flag,
  like,
  list,
  object,
  optional,
  text,
  whole,
  type Fields,
} from '../shared/fields/rules.js';
import { ownCodecRule } from '../shared/wire/codec-rule.js';
import { limits } from '../shared/protocol/limits.js';
import type { CommonJoinOptions, PartOptions } from './join-options.js';
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
export const party = {
  ...either(active, whole(0, limits.parties), (value) => typeof value === 'string'),
  says: "'active', or the number of a passive party, from 0",
};

const partFields = {
  data: given('{ train, test }, as in docs/tasks.md'),
  limit: optional(whole(1, limits.samples)),
  onTesting: optional(callable),
  segments: optional(whole(1, limits.segments)),
  bottom: optional(text),
  party: optional(party),
  aligned: optional(flag),
  onPredictions: optional(callable),
  takesShare: optional(flag),
  share: optional(callable),
  codecs: optional(list(ownCodecRule)),
} satisfies Fields<PartOptions>;

/** What the options are that `join` has everywhere. */
export const commonFields = {
  ...partFields,
  shard: optional(place),
  state: optional(object),
  onTrouble: optional(callable),
  engine: optional(text),
  loadedEngine: optional(object),
  onLinkNews: optional(callable),
} satisfies Fields<CommonJoinOptions>;

/** What there was before `join` answered a handle with the same options everywhere. */
export const formerFields = {
  leave: 'call leave() on what join() returns',
  place: 'give shard',
  checkpoints: 'give its store as state, and onTrouble beside it',
};

/** What the options of `participate` may be. */
export const participateFields = {
  ...partFields,
  place: optional(place),
  leave: optional(object),
  transport: object,
  engine: object,
  reconnect: optional(object),
  checkpoints: optional(object),
  heartbeatSeconds: optional(like('seconds above 0', (value) => typeof value === 'number' && value > 0)),
  software: optional(text),
} satisfies Fields<ParticipateOptions>;
