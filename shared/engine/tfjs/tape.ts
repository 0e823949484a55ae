import * as tf from '#tfjs';

/**
 * tfjs's own gradient tape, kept between forward and backward. `tf.grads` needs the upstream gradient before it runs the
 * forward pass; a client learns it only after a round trip, so forward would run twice and dropout would differ.
 * The node format is that of tfjs-core's `tape.ts`; the walk follows its rules, so gradients agree bit for bit.
 */
export interface Tape {
  readonly outputs: tf.Tensor[];
  readonly nodes: readonly TapeNode[];
}

interface TapeNode {
  readonly kernelName: string;
  readonly inputs: Record<string, tf.Tensor>;
  readonly outputs: tf.Tensor[];
  readonly saved: tf.Tensor[];
  readonly gradient?: (outputGradients: (tf.Tensor | null)[]) => Record<string, () => tf.Tensor>;
}

interface TapeEngine {
  readonly state: { activeTape: TapeNode[] | null; gradientDepth: number };
  startTape(): void;
  endTape(): void;
}

/** Runs a synchronous function and keeps what its gradient needs. The caller owns the outputs and frees the tape. */
export function record(run: () => tf.Tensor[]): Tape {
  const engine = tf.engine() as unknown as TapeEngine;
  engine.startTape();
  let nodes: TapeNode[] = [];
  let outputs: tf.Tensor[] | undefined;
  try {
    outputs = tf.tidy(run);
  } finally {
    nodes = engine.state.activeTape ?? [];
    engine.endTape();
    engine.state.activeTape = null;
    if (!outputs) freeNodes(nodes);
  }
  return { outputs, nodes };
}

/** Frees the outputs and everything saved for the backward pass. */
export function freeTape(tape: Tape): void {
  freeNodes(tape.nodes);
  tf.dispose(tape.outputs);
}

function freeNodes(nodes: readonly TapeNode[]): void {
  nodes.forEach((node) => tf.dispose(node.saved));
}

/**
 * Gradients of `wanted` given the gradients of some of the tape's tensors, by tensor. An entry is null where nothing
 * connects the two. The caller owns the results.
 */
export function backpropagate(
  tape: Tape,
  seeds: readonly (readonly [tf.Tensor, tf.Tensor])[],
  wanted: readonly tf.Tensor[],
): (tf.Tensor | null)[] {
  const path = between(
    tape.nodes,
    wanted,
    seeds.map(([output]) => output),
  );
  const gradients = new Map<number, tf.Tensor>();
  const results = new Map<tf.Tensor, tf.Tensor>();
  /** What is rounded, by which kernel, such as for a lookup: it may come in from outside, but nothing that computes it can learn. */
  const lost = new Map<number, string>();
  tf.tidy(() => {
    seeds.forEach(([output, gradient]) => accumulate(gradients, output, gradient));
    for (const { node, inputs } of path) {
      const rounding = node.outputs.map(({ id }) => lost.get(id)).find((kernelName) => kernelName !== undefined);
      if (rounding)
        throw new Error(`no gradient goes through ${rounding}, which makes whole numbers, to what is below`);
      const upstream = node.outputs.map((output) => gradients.get(output.id) ?? null);
      if (!node.gradient) throw new Error(`no gradient is defined for ${node.kernelName}`);
      const downstream = node.gradient(upstream);
      for (const name of inputs) {
        const gradient = downstream[name];
        const input = node.inputs[name];
        if (!gradient || !input) throw new Error(`${node.kernelName} has no gradient for its input ${name}`);
        const found = tf.tidy(gradient);
        if (input.dtype !== 'float32' || found.dtype === 'float32') accumulate(gradients, input, found);
        else lost.set(input.id, node.kernelName);
      }
    }
    for (const tensor of wanted) {
      const gradient = gradients.get(tensor.id);
      // A clone, since a seed can be the answer itself and the caller owns the answers only.
      if (gradient) results.set(tensor, tf.keep(gradient.clone()));
    }
  });
  return wanted.map((tensor) => results.get(tensor) ?? null);
}

function accumulate(gradients: Map<number, tf.Tensor>, tensor: tf.Tensor, gradient: tf.Tensor): void {
  const sum = gradients.get(tensor.id);
  gradients.set(tensor.id, sum ? tf.add(sum, gradient) : gradient);
}

/** The nodes on a path from a wanted tensor to a seed, last first, each with those inputs that are on one. */
function between(nodes: readonly TapeNode[], wanted: readonly tf.Tensor[], seeds: readonly tf.Tensor[]) {
  const fromWanted = new Set(wanted.map((tensor) => tensor.id));
  const reached = nodes.flatMap((node) => {
    const inputs = Object.keys(node.inputs).filter((name) => fromWanted.has(node.inputs[name]?.id ?? -1));
    if (inputs.length === 0) return [];
    node.outputs.forEach((output) => fromWanted.add(output.id));
    return [{ node, inputs }];
  });
  const toSeed = new Set(seeds.map((tensor) => tensor.id));
  const path: typeof reached = [];
  for (const entry of reached.reverse()) {
    if (!entry.node.outputs.some((output) => toSeed.has(output.id))) continue;
    Object.values(entry.node.inputs).forEach((input) => toSeed.add(input.id));
    path.push(entry);
  }
  return path;
}
