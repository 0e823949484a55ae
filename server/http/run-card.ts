import type { RunSettings } from '../../shared/config.js';
import type { RunReading } from '../../shared/run-reading.js';
import type { RunCard } from '../../shared/run-card.js';
import type { Host } from '../host.js';
import type { OfferedData } from './offered-data.js';

export interface CardOptions {
  readonly data: Pick<OfferedData, 'usual'> | null;
  readonly reading: RunReading | null;
  readonly entry?: string | undefined;
  readonly shareModel?: boolean;
  readonly keepServing?: boolean;
  readonly graceSeconds: number;
}

/** What the join page is told of a run as it is now, and what only who needs no invite, or has one, is told. */
export class RunCards {
  constructor(
    private readonly task: string,
    private readonly settings: RunSettings,
    private readonly host: Pick<Host, 'about'>,
    private readonly options: CardOptions,
  ) {}

  /** `isKnown` where the request has a good ticket. */
  card(isKnown: boolean): RunCard {
    const { task, settings, host, options } = this;
    const { data, reading, entry, shareModel = false, keepServing = false, graceSeconds } = options;
    const wantsInvite = entry !== undefined;
    const { state, here, plan, places } = host.about;
    const card = {
      state,
      offersData: data !== null,
      wantsInvite,
      sharesModel: shareModel,
      answersAfter: keepServing || shareModel,
      graceSeconds,
    };
    if (wantsInvite && !isKnown) return card;
    const { topology, schedule, clients } = settings;
    return {
      ...card,
      run: {
        task,
        topology: topology.name,
        schedule: schedule.name,
        clients,
        here,
        plan,
        ...(places ? { places } : {}),
        reads: reading?.preparation.kind ?? null,
        offered: data?.usual ?? null,
      },
    };
  }
}
