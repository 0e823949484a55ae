import type { Engine, SegmentState } from '../../shared/engine/engine.js';
import { aroundCalls } from '../helpers/around-calls.js';

const changing = ['update', 'restore', 'setWeights'];

/** The engine, with the state of each of this client's segments put into `states` after each change. */
export function recording(engine: Engine, client: string, states: Map<string, SegmentState>): Engine {
  return aroundCalls(engine, ({ name, segment, index }) => {
    if (!changing.includes(name)) return undefined;
    return { after: async () => void states.set(`${client}/${index}`, await segment.state()) };
  });
}
