import type { RunOptions } from '../shared/config.js';

/** Settings that differ between the runs, by the name of the option: `{ schedule: ['sequential', 'splitfed-v2'] }`. */
export type Variations = Readonly<Record<string, readonly unknown[]>>;

/** One combination of the settings that differ. */
export interface Variant {
  readonly name: string;
  readonly options: RunOptions;
}

/** Every combination of the variations; the first varies slowest. */
export function variantsOf(variations: Variations): Variant[] {
  return Object.entries(variations).reduce<Variant[]>(
    (variants, [option, values]) =>
      variants.flatMap(({ name, options }) =>
        values.map((value) => ({
          name: [...(name ? [name] : []), `${option}=${nameOf(value)}`].join(', '),
          options: { ...options, [option]: value },
        })),
      ),
    [{ name: '', options: {} }],
  );
}

/** A custom row or function goes by its name. */
function nameOf(value: unknown): string {
  const isNamed = typeof value === 'function' || (typeof value === 'object' && value !== null && 'name' in value);
  return String(isNamed ? (value as { readonly name: unknown }).name : value);
}
