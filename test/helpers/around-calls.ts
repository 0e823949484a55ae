import type { Engine, Segment } from '../../shared/engine/engine.js';

/** One call of a segment's method, and which segment it is of. */
export interface Call {
  readonly name: string;
  readonly segment: Segment;
  readonly index: number;
  readonly stream: number;
}

/** What happens around a call; undefined where it is made as it is. */
type Around = (
  call: Call,
) => { before?: (...args: unknown[]) => Promise<void> | void; after?: () => Promise<void> } | undefined;

/** The engine, with something done around the calls of its segments' methods. */
export function aroundCalls(engine: Engine, around: Around): Engine {
  return {
    ...engine,
    segment: async (options) => {
      const segment = await engine.segment(options);
      return new Proxy(segment, {
        get: (target, name) => {
          const value: unknown = Reflect.get(target, name);
          if (typeof value !== 'function') return value;
          const call = { name: String(name), segment, index: options.spec.index, stream: options.stream };
          const extra = around(call);
          const method = (...args: unknown[]): unknown =>
            (value as (...given: unknown[]) => unknown).apply(target, args);
          if (!extra) return method;
          return async (...args: unknown[]): Promise<unknown> => {
            await extra.before?.(...args);
            const result = await method(...args);
            await extra.after?.();
            return result;
          };
        },
      });
    },
  };
}

/** The engine; before each call of a segment's method, it waits for what is given. */
export function beforeCalls(
  engine: Engine,
  method: 'forward' | 'update',
  wait: (segment: number, stream: number) => Promise<void> | void,
): Engine {
  return aroundCalls(engine, ({ name, index, stream }) =>
    name === method ? { before: () => wait(index, stream) } : undefined,
  );
}
