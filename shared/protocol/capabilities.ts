import { definitions, definitionOf, type Message, type MessageName } from './messages.js';

/** Every capability that a message or a field of this version belongs to. */
export const knownCapabilities: readonly string[] = [...new Set(Object.keys(definitions).flatMap(named))].sort();

/** The capabilities that both sides have. */
export function knownOf(names: readonly string[]): string[] {
  return knownCapabilities.filter((name) => names.includes(name));
}

/** What the two sides of a session have named. */
export interface Agreement {
  /** What `hello` named. */
  readonly offered: readonly string[];
  /** What `welcome` named of it. */
  readonly agreed: readonly string[];
}

export const noAgreement: Agreement = { offered: [], agreed: [] };

/** The agreement after this message, the same on both sides. */
export function agreeBy(agreement: Agreement, message: Message): Agreement {
  if (message.type === 'hello') return { offered: message.capabilities, agreed: [] };
  if (message.type !== 'welcome') return agreement;
  const { offered } = agreement;
  return { offered, agreed: offered.filter((name) => message.capabilities.includes(name)) };
}

function named(name: string): string[] {
  const { capability, fields } = definitionOf(name as MessageName);
  return [capability, ...Object.values(fields).map((field) => field.capability)].filter((each) => each !== undefined);
}
