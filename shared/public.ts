/** What `tandem` and `tandem/shared` offer: tasks, data, segments and the protocol, for clients and servers alike. */
/** The copy of tfjs that Tandem computes with: models of another copy are other classes. */
export * as tf from '#tfjs';
export { defineTask, type LabelSpec, type Task } from './task.js';
export { builtInTasks, findTask } from './tasks/find-task.js';
export { arrayDataset, subset, limited, type Batch, type ClientData, type Dataset } from './data/dataset.js';
export { splitForTest, type TestShareOptions } from './data/test-share.js';
export { encodeTable } from './data/encode-table.js';
export { tableWidth, type Column, type TableSchema } from './data/table.js';
export type { Answer, Preparation } from './preparation/preparation.js';
export { splitById, tableIds, type IdentifiedData } from './data/row-ids.js';
export { learnTable, type LearnTableOptions } from './data/learn-table.js';
export { parsePartition, partitionRows } from './data/partition.js';
export { float32, int32, ndarray, type NdArray, type TensorSpec } from './ndarray.js';
export { cutModel, type CutModel } from './model/cut.js';
export { parseCuts, type Cut } from './model/parse-cuts.js';
export { fusionNames, verticalCut, verticalModel, type Fusion, type FusionName } from './model/vertical-model.js';
export { mergeWeights, hashWeights } from './model/weights.js';
export type { SegmentSpec, WeightSpec } from './model/segment-spec.js';
export { metricNames, type MetricName, type MetricValues } from './metrics/metrics.js';
export { chooseEngine } from './engine/choose-engine.js';
export type { Engine, Segment, SegmentOptions, SegmentState } from './engine/engine.js';
export { adam, adamw, momentum, rmsprop, scheduled, sgd, type OptimizerSpec } from './engine/optimizer.js';
export { constant, cosineDecay, exponentialDecay, stepDecay } from './engine/learning-rate.js';
export type { LearningRateSchedule } from './engine/learning-rate.js';
export { TandemError } from './errors.js';
export { refusals, type RefusalCode } from './refusals.js';
export type { RunOptions } from './config.js';
export { parseAggregation } from './aggregation.js';
export type {
  Aggregation,
  AggregationChoice,
  CombineReplicas,
  Combined,
  RuleName,
  WeightsOfClient,
} from './aggregation.js';
export { scheduleNames, type Schedule, type ScheduleChoice } from './schedules.js';
export type { ClientToPlan, PlannedClient, PlanRound, RoundToPlan } from './schedules.js';
export { topologyNames, type PlaceSegment, type Side, type Topology, type TopologyChoice } from './topologies.js';
export type { ClientAccount, RunEvent, RunSummary } from './events.js';
export { decodeMessage, encodeMessage } from './protocol/message-codec.js';
export type { Message, MessageName } from './protocol/messages.js';
export type { Codec, CodecContext, CodecState, Coded, Decoded } from './wire/codec.js';
export type { Transport } from './transport/transport.js';
