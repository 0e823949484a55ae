import { entryFields } from '../client/node/node-fields.js';
import { doorFields } from '../server/http/door-fields.js';
import { callable, list, object, optional, text, whole, type Fields } from '../shared/fields/rules.js';
import { limits } from '../shared/protocol/limits.js';
import { port, seconds } from '../shared/run-fields.js';
import { ownCodecRule } from '../shared/wire/codec-rule.js';
import type { RelayOptions } from './relay.js';

/** What the options of `relay` may be. */
export const relayFields = {
  ...doorFields,
  ...entryFields,
  server: text,
  port: optional(port),
  host: optional(text),
  segments: optional(whole(1, limits.segments)),
  maxClients: optional(whole(1, limits.clients)),
  graceSeconds: optional(seconds),
  engine: optional(text),
  codecs: optional(list(ownCodecRule)),
  loadedEngine: optional(object),
  onEvent: optional(callable),
  onLinkNews: optional(callable),
  onTrouble: optional(callable),
} satisfies Fields<RelayOptions>;
