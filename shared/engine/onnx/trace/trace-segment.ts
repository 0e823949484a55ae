import * as tf from '#tfjs';
import type { LossFunction } from '../../../model/loss.js';
import type { RandomSource } from '../../tfjs/random-layers.js';
import { UntraceableError } from '../lowerings/lowering.js';
import { backpropagate, freeTape, record, type Tape } from '../../tfjs/tape.js';
import type { OnnxGraph, OnnxType, OnnxValue } from '../graph/onnx-graph.js';
import { extractGraph, extractPair } from './extract-graph.js';
import { RandomRecorder, type RandomInput } from './random-inputs.js';
import { traceBackend } from './trace-backend.js';
import { Tracer } from './tracer.js';
import type { Value } from './value.js';

/** A segment's model, ready to be traced any number of times. */
export interface TraceableModel {
  readonly model: tf.LayersModel;
  /** All weights in the order of the spec, then its constants; a trace points them at graph inputs. */
  readonly variables: readonly tf.Variable[];
  readonly trainable: readonly tf.Variable[];
  readonly loss: LossFunction | undefined;
  readonly wantsInputGradients: boolean;
  /** What the model's layers draw their random numbers from while a trace runs. */
  randomRecorder: RandomRecorder | undefined;
  readonly random: RandomSource;
}

/** Type and shape of what a step is given, the batch included. */
export interface Signature {
  readonly inputs: readonly Pick<OnnxValue, 'dtype' | 'shape'>[];
  readonly labels: readonly Pick<OnnxValue, 'dtype' | 'shape'>[] | undefined;
}

/** Names of graph inputs. */
export const inputName = (i: number) => `x${i}`;
export const labelName = (i: number) => `y${i}`;
export const weightName = (i: number) => `w${i}`;
export const upstreamName = (i: number) => `g${i}`;

/** What forward's graph outputs, by name. */
interface TracedForward {
  readonly graph: OnnxGraph;
  readonly outputs: readonly string[];
  readonly loss: string | undefined;
  readonly random: readonly RandomInput[];
}

export interface TracedTraining extends TracedForward {
  /** Weights that forward changes, such as moving averages: index and name of the new value. */
  readonly updated: readonly (readonly [number, string])[];
  /** Gradients by trainable weight; undefined where the segment does not depend on the weight. */
  readonly weightGradients: readonly (string | undefined)[];
  readonly inputGradients: readonly (string | undefined)[];
  /** Undefined where the first graph computes the gradients too, and where there are none. */
  readonly backward: OnnxGraph | undefined;
  readonly carried: readonly string[];
}

/**
 * Records one training step. With labels, loss and gradients are computed by the one graph; without, backward is a graph
 * of its own that takes the cut gradient and what forward carried over.
 */
export function traceTraining(traceable: TraceableModel, signature: Signature): TracedTraining {
  let forwardNodes: readonly string[] = [];
  let drawn: readonly RandomInput[] = [];
  const traced = tracing(traceable, signature, (scene) => {
    const { backend, tracer, weights, inputs, labels, name, random } = scene;
    const { loss } = traceable;
    const [tape, hasObjective] = recordForward(traceable, scene);
    forwardNodes = describeNodes(tracer);
    drawn = [...random.found];
    const outputs = hasObjective ? tape.outputs.slice(0, -1) : tape.outputs;
    const objective = hasObjective ? tape.outputs.at(-1) : undefined;
    const outputNames = outputs.map(name);
    const lossName = labels && objective ? name(objective) : undefined;
    const updated = traceable.variables.flatMap((variable, i) =>
      backend.traced(variable) === weights[i] ? [] : [[i, name(variable)] as const],
    );
    const mark = tracer.nodes.length;
    const seeds = objective ? [[objective, tf.scalar(1)] as const] : [];
    const upstream = labels && loss ? [] : outputs.map((output, i) => [output, upstreamOf(tracer, output, i)] as const);
    const wanted = [...traceable.trainable, ...(traceable.wantsInputGradients ? inputs : [])];
    const gradients = backpropagate(tape, [...seeds, ...upstream], wanted);
    const gradientNames = gradients.map((gradient) => gradient && name(gradient));
    tf.dispose(gradients.filter((gradient) => gradient !== null));
    freeTape(tape);
    const defined = gradientNames.filter((gradient) => gradient !== null);
    const forwardNames = [...outputNames, ...(lossName ? [lossName] : []), ...updated.map(([, value]) => value)];
    const graphs = lossName
      ? { forward: extractGraph(tracer, [...forwardNames, ...defined]), backward: undefined, carried: [] }
      : extractPair(tracer, mark, forwardNames, defined);
    const named = gradientNames.map((gradient) => gradient ?? undefined);
    return {
      graph: graphs.forward,
      // A part that is wholly frozen, at the bottom, has nothing to compute there.
      backward: defined.length > 0 ? graphs.backward : undefined,
      carried: graphs.carried,
      outputs: outputNames,
      loss: lossName,
      random: random.found,
      updated,
      weightGradients: named.slice(0, traceable.trainable.length),
      inputGradients: named.slice(traceable.trainable.length),
    };
  });
  refuseState(traceable, signature, [...forwardNodes, JSON.stringify(drawn)], (scene) =>
    freeTape(recordForward(traceable, scene)[0]),
  );
  return traced;
}

/** The forward pass of a training step, and whether its last output is the objective. */
function recordForward({ model, loss }: TraceableModel, { inputs, labels }: Scene): [Tape, boolean] {
  let hasObjective = false;
  const tape = record(() => {
    const outputs = listOf(model.apply(only(inputs), { training: true }));
    const terms = labels && loss ? [loss(labels, outputs)] : [];
    const objective = [...terms, ...model.calculateLosses()].reduce<tf.Tensor | null>(
      (sum, term) => (sum ? tf.add(sum, term) : term),
      null,
    );
    hasObjective = objective !== null;
    return objective ? [...outputs, objective] : outputs;
  });
  return [tape, hasObjective];
}

/**
 * Records a pass again, as of another step: what comes out otherwise changes from step to step, and a graph would freeze it. Few numbers
 * fit a random draw that they are not, but not that of two steps.
 */
function refuseState(
  traceable: TraceableModel,
  signature: Signature,
  before: readonly string[],
  record: (scene: Scene) => void,
): void {
  const again = tracing(
    traceable,
    signature,
    (scene) => {
      record(scene);
      return [...describeNodes(scene.tracer), JSON.stringify(scene.random.found)];
    },
    1,
  );
  if (again.length === before.length && again.every((node, i) => node === before[i])) return;
  throw new UntraceableError('a value that the model makes anew in JavaScript at each step');
}

/** All nodes so far, and the constants they read. */
function describeNodes({ nodes, constants }: Tracer): string[] {
  const plain = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);
  const values = [...constants.values()].map(({ name, bytes }) => `${name} ${bytes.join(' ')}`);
  return [...nodes.map((node) => JSON.stringify(node, plain)), ...values];
}

/** Records inference, with the loss where there are labels. */
export function traceInference(traceable: TraceableModel, signature: Signature): TracedForward {
  const pass = ({ inputs, labels, name }: Scene) => {
    const outputs = listOf(traceable.model.apply(only(inputs), { training: false }));
    const outputNames = outputs.map(name);
    return { outputs: outputNames, loss: labels && traceable.loss ? name(traceable.loss(labels, outputs)) : undefined };
  };
  let before: readonly string[] = [];
  const traced = tracing(traceable, signature, (scene) => {
    const { tracer, random } = scene;
    const { outputs, loss } = pass(scene);
    before = [...describeNodes(tracer), JSON.stringify(random.found)];
    const graph = extractGraph(tracer, loss ? [...outputs, loss] : outputs);
    return { graph, outputs, loss, random: random.found };
  });
  refuseState(traceable, signature, before, pass);
  return traced;
}

interface Scene {
  readonly backend: ReturnType<typeof traceBackend>;
  readonly tracer: Tracer;
  readonly weights: readonly Value[];
  readonly inputs: tf.Tensor[];
  readonly labels: tf.Tensor[] | undefined;
  readonly random: RandomRecorder;
  /** The name under which a tensor's value can be a graph's output. */
  readonly name: (tensor: tf.Tensor) => string;
}

function tracing<T>(traceable: TraceableModel, { inputs, labels }: Signature, run: (scene: Scene) => T, step = 0): T {
  const backend = traceBackend();
  const tracer = new Tracer();
  const random = new RandomRecorder();
  const placed = new Map<Value, string>();
  const given = (name: string, { shape, dtype }: Pick<OnnxValue, 'dtype' | 'shape'>) =>
    backend.tensor(tracer.input(name, shape, dtype));
  const results: T[] = [];
  traceable.randomRecorder = random;
  traceable.random.begin(step);
  try {
    backend.trace({ tracer, random }, () => {
      tf.tidy(() => {
        const weights = traceable.variables.map((variable, i) => {
          const placeholder = given(weightName(i), { shape: variable.shape, dtype: variable.dtype as OnnxType });
          variable.assign(placeholder);
          return backend.traced(placeholder);
        });
        const scene = {
          backend,
          tracer,
          weights,
          random,
          inputs: inputs.map((input, i) => given(inputName(i), input)),
          labels: labels?.map((label, i) => given(labelName(i), label)),
          name: (tensor: tf.Tensor) => outputName(tracer, backend.traced(tensor), placed),
        };
        results.push(run(scene));
      });
    });
  } finally {
    traceable.randomRecorder = undefined;
  }
  return results[0] as T;
}

/** A graph cannot output one of its inputs or constants as it is. */
function outputName(tracer: Tracer, value: Value, placed: Map<Value, string>): string {
  const known = placed.get(value);
  if (known !== undefined) return known;
  const name = tracer.name(value);
  const computed = tracer.described.has(name) && !tracer.inputs.has(name);
  const result = computed ? name : tracer.name(tracer.node('Identity', [value], value));
  placed.set(value, result);
  return result;
}

function upstreamOf(tracer: Tracer, output: tf.Tensor, i: number): tf.Tensor {
  return traceBackend().tensor(tracer.input(upstreamName(i), output.shape, 'float32'));
}

function listOf(value: tf.Tensor | tf.Tensor[] | tf.SymbolicTensor | tf.SymbolicTensor[]): tf.Tensor[] {
  return (Array.isArray(value) ? value : [value]) as tf.Tensor[];
}

function only(tensors: tf.Tensor[]): tf.Tensor | tf.Tensor[] {
  return tensors.length === 1 && tensors[0] ? tensors[0] : tensors;
}
