import { ProtobufWriter } from '../../shared/engine/onnx/graph/protobuf.js';
import { tfRecord } from '../../shared/export/tf-record.js';
import type { CurvePoint } from '../../storage/run-folder.js';

/** What an events file begins with, for TensorBoard (tensorflow/core/util/event.proto). */
export function firstEvent(startedAt: string): Uint8Array {
  return tfRecord(new ProtobufWriter().double(1, secondsOf(startedAt)).string(3, 'brain.Event:2').finish());
}

/** One test on the way: losses and figures as curves over steps; figures are in the label's own unit. */
export function eventOf({ steps, seconds, trainLoss, testLoss, metrics }: CurvePoint, startedAt: string): Uint8Array {
  const figures = Object.entries(metrics).filter(([name]) => name !== 'loss');
  const scalars = [['loss/train', trainLoss] as const, ['loss/test', testLoss] as const, ...figures.map(testFigure)];
  const event = new ProtobufWriter().double(1, secondsOf(startedAt) + seconds).int(2, steps);
  event.message(5, (summary) => {
    for (const [tag, value] of scalars)
      if (value !== null) summary.message(1, (scalar) => scalar.string(1, tag).float(2, value));
  });
  return tfRecord(event.finish());
}

function testFigure([name, value]: [string, number | null]): readonly [string, number | null] {
  return [`test/${name}`, value];
}

function secondsOf(time: string): number {
  return Date.parse(time) / 1000;
}
