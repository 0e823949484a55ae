import { TandemError } from '../../shared/errors.js';
import type { Message } from '../../shared/protocol/messages.js';

/**
 * Roles: train; infer; relay, which is both for others; read the metrics; or fetch the merged model of a run that gives it away, which
 * `train` may, too.
 */
export const roles = ['train', 'infer', 'relay', 'metrics', 'download'] as const;
export type Role = (typeof roles)[number];

/** What an invite or a key is good for. `subject` is its id, which is no secret. */
export interface Grant {
  readonly subject: string;
  readonly role: Role;
  /** The only shard its holder may claim; null for any. */
  readonly shard: readonly [number, number] | null;
}

/** Checks a client's first message against its grant. Throws WRONG_ROLE. */
export function checkRole({ role, shard }: Grant, hello: Message<'hello'>): void {
  if (role !== 'relay' && hello.role !== role) {
    throw new TandemError('WRONG_ROLE', `the client was let in to ${role}, and asks to ${hello.role}`);
  }
  if (!shard) return;
  const [index, count] = shard;
  if (hello.shard?.[0] === index && hello.shard[1] === count) return;
  const asked = hello.shard ? `shard ${hello.shard.join('/')}` : 'any shard';
  throw new TandemError(
    'WRONG_ROLE',
    `the client was let in for shard ${index}/${count}, and asks for ${asked}`,
    `join with --shard ${index}/${count}`,
  );
}
