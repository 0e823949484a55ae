import type { TensorSpec } from './ndarray.js';
import type { OfferedShare } from './data/offered.js';
import type { TableSchema } from './data/table.js';
import type { Preparation } from './preparation/preparation.js';
import type { LabelSpec } from './task.js';

/** What a server tells its join page before anything is loaded. */
export interface RunCard {
  readonly state: RunStanding;
  /** Whether there are data for everybody below `/data/`. */
  readonly offersData: boolean;
  /** Whether nobody comes in without an invite. */
  readonly wantsInvite: boolean;
  /** Whether it gives its merged model to who trains, when it is over. */
  readonly sharesModel: boolean;
  /** Whether the model can be asked when the run is over. */
  readonly answersAfter: boolean;
  /** Seconds for which the place of a client is kept whose link is lost; 0 where it is not. */
  readonly graceSeconds: number;
  /** Only for who needs no invite, or has shown one. */
  readonly run?: RunOnCard;
}

/** `gathering` and `training` have a free place, `full` has none. */
export type RunStanding = 'gathering' | 'training' | 'full' | 'over' | 'failed';

export interface RunOnCard {
  readonly task: string;
  readonly topology: string;
  readonly schedule: string;
  readonly clients: number;
  /** Clients that are in the run now. */
  readonly here: number;
  /** Null where each place is another one, or a page cannot take part. */
  readonly plan: PartPlan | null;
  /** Of a vertical run whose rows are in order, all places. */
  readonly places?: readonly PlaceOnCard[];
  /** What kind of raw data the run says how to read; null where it does not say. */
  readonly reads: Preparation['kind'] | null;
  /** What a place gets of the data that the server offers, on average. */
  readonly offered: OfferedShare | null;
}

/** The part of one party of a vertical run. */
export interface PartyPlace {
  /** As `join` takes it. */
  readonly party: 'active' | number;
  readonly plan: PartPlan;
  /** How its columns become numbers; null where the run does not say. */
  readonly table: TableSchema | null;
}

export interface PlaceOnCard extends PartyPlace {
  readonly isFree: boolean;
}

/** What goes to the server of each step; `weights` where the whole model is trained by the client, and only it is sent. */
export type Sends = 'smashed data and labels' | 'smashed data' | 'weights';

/** What a client's part takes; steps, epochs and rounds that nothing bounds are null. */
export interface PartPlan {
  readonly inputs: readonly TensorSpec[];
  readonly labels: readonly LabelSpec[];
  readonly sends: Sends;
  /** Of the model's part that the client trains. */
  readonly weights: number;
  readonly bytes: PartBytes;
  readonly batch: number;
  readonly epochs: number | null;
  /** Of all clients. */
  readonly steps: number | null;
  readonly roundSteps: number | null;
  readonly evaluateEvery: number | null;
  /** How often the server goes through smashed data, which then travel once and are kept for that long, and after how many rounds they travel again; missing where nothing is kept. */
  readonly pool?: { readonly epochs: number; readonly everyRounds: number | null };
  /** Training samples that are dealt where the server has the data. */
  readonly limit: number | null;
}

/** Bytes of tensors; the few that frames add are left out. Null where lengths differ from sample to sample. */
export interface PartBytes {
  readonly step: Traffic | null;
  readonly test: Traffic | null;
  /** At each end of a round, up and down alike. */
  readonly round: number;
}

/** Of one sample. */
export interface Traffic {
  readonly up: number;
  readonly down: number;
}
