import type { MessageDefinition, ValuesOf } from './fields.js';
import { evaluating } from './messages/evaluating.js';
import { linking } from './messages/linking.js';
import { matching } from './messages/matching.js';
import { opening } from './messages/opening.js';
import { training } from './messages/training.js';

/**
 * Every message there is. Types, checks on both sides, docs/protocol.json and the tables of docs/protocol.md come from here.
 * `step` numbers a client's requests from 1, without gaps; `round` numbers the rounds of a run from 0.
 */
export const definitions = { ...opening, ...training, ...evaluating, ...matching, ...linking };

/** The name of a message of the protocol. */
export type MessageName = keyof typeof definitions;

/** A message by its name, e.g. `Message<'smashed'>`. */
export type Message<N extends MessageName = MessageName> = {
  [M in N]: { readonly type: M } & ValuesOf<(typeof definitions)[M]['fields']>;
}[N];

/** The definition of a message as plain data, for code that treats all messages alike. */
export function definitionOf(name: MessageName): MessageDefinition {
  return definitions[name];
}

const namesByCode = new Map<number, MessageName>(
  Object.entries(definitions).map(([name, { code }]) => [code, name as MessageName]),
);

export function nameOf(code: number): MessageName | undefined {
  return namesByCode.get(code);
}
