import type { RunOptions } from '../shared/config.js';

/** Settings that differ between the runs, by the name of the option: `{ schedule: ['sequential', 'splitfed-v2'] }`. */
export type Variations = Readonly<Record<string, readonly unknown[]>>;

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
          name: [...(name ? [name] : []), `${option}=${String(value)}`].join(', '),
          options: { ...options, [option]: value },
        })),
      ),
    [{ name: '', options: {} }],
  );
}
