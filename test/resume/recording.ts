import type { Engine, SegmentState } from '../../shared/engine/engine.js';

const changing = ['update', 'restore', 'setWeights'];

/** The engine, with the state of each of this client's segments put into `states` after each change. */
export function recording(engine: Engine, client: string, states: Map<string, SegmentState>): Engine {
  return {
    ...engine,
    segment: async (options) => {
      const segment = await engine.segment(options);
      return new Proxy(segment, {
        get: (target, name) => {
          const value: unknown = Reflect.get(target, name);
          if (typeof value !== 'function') return value;
          const method = (...args: unknown[]): unknown =>
            (value as (...given: unknown[]) => unknown).apply(target, args);
          if (!changing.includes(String(name))) return method;
          return async (...args: unknown[]) => {
            await method(...args);
            states.set(`${client}/${options.spec.index}`, await segment.state());
          };
        },
      });
    },
  };
}
