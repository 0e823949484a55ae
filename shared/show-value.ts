/** Whether a value is a plain object, as fields are written. */
export function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Any value in a message. */
export function show(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'string') return `'${value}'`;
  return typeof value === 'object' && value !== null ? (JSON.stringify(value) ?? 'an object') : String(value);
}
