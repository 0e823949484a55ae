import type { RunStanding } from '../../shared/run-card.js';
import type { AboutRun } from '../host.js';
import type { Course } from './course.js';
import type { Places } from './places.js';

/** What a client may know of a run before it takes part, as it is now. */
export function aboutRun(
  course: Pick<Course, 'state' | 'plan' | 'parties'>,
  places: Places,
  clients: number,
): AboutRun {
  return {
    plan: course.plan,
    get state() {
      const { failure, phase } = course.state;
      return failure ? 'failed' : stateOf(phase, this.here, clients);
    },
    get places() {
      return course.parties?.map((place, i) => ({ ...place, isFree: !places.taken.has(i) }));
    },
    get here() {
      return places.taken.size;
    },
  };
}

function stateOf(phase: string, here: number, clients: number): RunStanding {
  if (phase === 'finished') return 'over';
  if (here >= clients) return 'full';
  return phase === 'gathering' ? 'gathering' : 'training';
}
