import type { Engine } from '../../shared/engine/engine.js';

/** The engine; before each call of a segment's method, it waits for what is given. */
export function beforeCalls(
  engine: Engine,
  method: 'forward' | 'update',
  wait: (segment: number, stream: number) => Promise<void> | void,
): Engine {
  return {
    ...engine,
    segment: async (options) => {
      const segment = await engine.segment(options);
      return new Proxy(segment, {
        get: (target, name) => {
          const value: unknown = Reflect.get(target, name);
          if (typeof value !== 'function') return value;
          return async (...args: unknown[]): Promise<unknown> => {
            if (name === method) await wait(options.spec.index, options.stream);
            return (value as (...given: unknown[]) => unknown).apply(target, args);
          };
        },
      });
    },
  };
}
