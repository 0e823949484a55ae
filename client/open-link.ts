import { LastingLink } from '../shared/session/lasting-link.js';
import type { Transport } from '../shared/transport/transport.js';
import { codecRegistry } from '../shared/wire/codec-registry.js';
import type { Codec } from '../shared/wire/codec.js';
import type { ClientSnapshot } from './checkpoints.js';
import type { Reconnect } from './reconnect.js';

/** Three of them without a byte are silence. */
const HEARTBEAT_SECONDS = 2.5;

export interface LinkOptions {
  readonly heartbeatSeconds?: number | undefined;
  /** Custom codecs. */
  readonly codecs?: readonly Codec[];
}

/** The link of a client over its first transport: of a new session, or of that of a checkpoint. */
export function openLink(
  transport: Transport,
  reconnect: Reconnect | undefined,
  { heartbeatSeconds = HEARTBEAT_SECONDS, codecs }: LinkOptions = {},
  restored?: ClientSnapshot,
  askedToStore: () => void = () => undefined,
): LastingLink {
  const link: LastingLink = new LastingLink(
    {
      ...(reconnect ? { clock: reconnect.clock } : {}),
      heartbeatSeconds,
      ...(codecs ? { codecs: codecRegistry(codecs) } : {}),
      askedToStore,
      lost: (why) => reconnect?.lost(link, why),
      ...(reconnect
        ? { opensBeside: true, silent: (seconds) => reconnect.silent(link, seconds), back: () => reconnect.back() }
        : {}),
    },
    restored?.delivery,
  );
  if (!restored) return link.attach(transport);
  link.session = restored.session;
  link.graceSeconds = restored.state.welcome?.grace ?? 0;
  link.last(restored.stored);
  link.storeWithout(restored.delivery.received, restored.delivery.settled);
  link.resume(transport);
  return link;
}
