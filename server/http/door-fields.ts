import {
  callable,
  either,
  fieldsOf,
  flag,
  list,
  number,
  object,
  optional,
  text,
  whole,
  type Fields,
} from '../../shared/fields/rules.js';
import type { DoorOptions } from './door.js';
import type { LimitOptions } from './limits.js';

/** A limit of this process may also be none. */
const many = number('a number above 0', (value) => value > 0);
const most = optional(either(whole(1), { ...many, fault: () => undefined }, (value) => value !== Infinity));

const limitFields = {
  connections: most,
  connectionsPerAddress: most,
  newcomers: most,
  inferring: most,
  requestsPerMinute: most,
  messagesPerSecond: most,
  strikes: most,
  blockSeconds: optional(many),
  waitingBytes: most,
  helloSeconds: optional(many),
  limitLoopback: optional(flag),
} satisfies Fields<Partial<LimitOptions>>;

const oneOrMore = either(list(text), text, Array.isArray);

/** What the options about how a server is reached may be. */
export const doorFields = {
  tlsCert: optional(text),
  tlsKey: optional(text),
  insecure: optional(flag),
  entry: optional(text),
  allowOrigin: optional(list(text)),
  hostName: optional(list(text)),
  publicUrl: optional(text),
  trustProxy: optional(either(flag, oneOrMore, (value) => typeof value === 'boolean')),
  auditLog: optional(text),
  limits: optional(fieldsOf(limitFields, 'limits')),
  spentTickets: optional(object),
  now: optional(callable),
} satisfies Fields<DoorOptions>;
