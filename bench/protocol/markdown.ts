import { showBound } from '../../shared/protocol/describe-type.js';
import type { Field, FieldType } from '../../shared/protocol/fields.js';
import { definitionOf, type MessageName } from '../../shared/protocol/messages.js';
import { describeProtocol, messageNames } from './describe.js';

const directions = { client: 'client to server', server: 'server to client', both: 'both ways' };

/** The section of every message: code, direction, account, meaning and fields. */
export function messageSections(): string {
  return messageNames().map(section).join('\n\n');
}

/** Every capability, and what belongs to it. */
export function capabilityTable(): string {
  const rows = describeProtocol().capabilities.map(({ name, fields }) => [
    `\`${name}\``,
    fields.map((each) => `\`${each}\``).join(' '),
  ]);
  return table([['capability', 'what belongs to it'], ...rows]);
}

function section(name: MessageName): string {
  const { code, from, counts, meaning, capability, fields } = definitionOf(name);
  const only = capability ? ` Only where the capability \`${capability}\` is agreed.` : '';
  const head = `### ${name}\n\nCode ${code}, ${directions[from]}, counted as ${counts}. ${meaning}${only}`;
  const entries = Object.entries(fields);
  if (entries.length === 0) return `${head} It has no fields.`;
  const rows = entries.map(([field, each]) => [`\`${field}\``, typeOf(each), meaningOf(each)]);
  return `${head}\n\n${table([['field', 'type', 'meaning'], ...rows])}`;
}

function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  return [head, head.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function meaningOf({ meaning, capability }: Field): string {
  return capability ? `${meaning}; capability \`${capability}\`` : meaning;
}

/** The name of what a field holds, with its bounds. */
export function typeOf(field: Field): string {
  return field.optional || field.capability ? `${nameOf(field)} or nil` : nameOf(field);
}

function nameOf(type: FieldType): string {
  switch (type.type) {
    case 'count':
      return `count, ${type.min} to ${showBound(type.max)}`;
    case 'real':
      return type.min === undefined ? 'real' : `real, ${type.min} to ${showBound(type.max ?? Infinity)}`;
    case 'flag':
      return 'flag';
    case 'text':
      return `text, at most ${type.max}`;
    case 'choice':
      return `one of ${type.options.join(', ')}`;
    case 'pair':
      return `pair of ${nameOf(type.of)}`;
    case 'list':
      return `list of at most ${type.maxItems}: ${nameOf(type.of)}`;
    case 'tensors':
      return `tensors, at most ${type.maxItems}`;
    case 'bytes':
      return 'bytes';
  }
}
