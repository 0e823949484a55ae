import { TandemError } from '../errors.js';
import { isPlain, plainLine } from '../plain-line.js';

/** What is read of a layer in a model's JSON, in either of its spellings. */
interface WrittenLayer {
  readonly name?: unknown;
  readonly config?: { readonly name?: unknown; readonly layers?: unknown } | null;
  readonly inboundNodes?: unknown;
  readonly inbound_nodes?: unknown;
  readonly className?: unknown;
  readonly class_name?: unknown;
}

/** More than any model has, and few enough that what is written in the worst order is opened within seconds. */
const MOST_LAYERS = 10_000;

/** Classes whose making is a call: inputs and models. What else a layer says of itself does not make it one. */
const MADE_CALLED = new Set<unknown>(['InputLayer', 'Model', 'Functional', 'Sequential']);

/** A call of a layer: the calls that it takes its inputs from. */
type Call = readonly (readonly [layer: unknown, call: number])[];

/**
 * Throws BAD_MODEL where there are too many layers, or a call of one takes its input from a call that never comes, in a model's JSON or in one nested in it: tfjs would wait for that one without end.
 * A name must be plain: tfjs writes it to the terminal when it warns. What is written otherwise than tfjs writes it is left for tfjs to refuse.
 */
export function checkCalls(index: number, topology: unknown): void {
  const within = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('name' in value && typeof value.name === 'string' && !isPlain(value.name)) {
      const what = `segment ${index} has a layer '${plainLine(value.name)}', in whose name something cannot be seen`;
      throw new TandemError('BAD_MODEL', what, 'give the layer another name, or use a server that you trust');
    }
    if ('layers' in value && Array.isArray(value.layers)) checkGraph(index, value.layers as WrittenLayer[]);
    Object.values(value).forEach(within);
  };
  within(topology);
}

/** tfjs takes the later one of two spellings. */
function isSpeltTwice({ inboundNodes, inbound_nodes: nodes, className, class_name: name }: WrittenLayer): boolean {
  return (inboundNodes !== undefined && nodes !== undefined) || (className !== undefined && name !== undefined);
}

function checkGraph(index: number, layers: readonly WrittenLayer[]): void {
  if (layers.length > MOST_LAYERS) {
    const what = `segment ${index} has ${layers.length} layers, at most ${MOST_LAYERS} are opened here`;
    throw new TandemError('BAD_MODEL', what, 'use a server that you trust');
  }
  const calls = new Map<unknown, Call[]>();
  /** How many calls of each layer there are: its own making is one where it is an input or a model. */
  const made = new Map<unknown, number>();
  for (const layer of layers) {
    const { name, config } = layer;
    const nodes = layer.inboundNodes ?? layer.inbound_nodes;
    // Layers of a sequential model have none: they follow each other.
    if (!Array.isArray(nodes)) return;
    if (made.has(name) || (config?.name ?? name) !== name || isSpeltTwice(layer)) {
      const what = `segment ${index} has a layer '${String(name)}' twice, or one by two names or spellings`;
      throw new TandemError('BAD_MODEL', what, 'use a server that you trust');
    }
    made.set(name, Number(MADE_CALLED.has(layer.className ?? layer.class_name)));
    calls.set(
      name,
      nodes.filter((node): node is Call => Array.isArray(node) && node.length > 0),
    );
  }
  const isThere = ([layer, call]: Call[number]) => !((made.get(layer) ?? 0) <= call);
  for (let left = Infinity; calls.size > 0;) {
    for (const [name, waiting] of calls) {
      const rest = waiting.filter((call) => !call.every(isThere));
      made.set(name, (made.get(name) ?? 0) + waiting.length - rest.length);
      if (rest.length === 0) calls.delete(name);
      else calls.set(name, rest);
    }
    const before = left;
    left = [...calls.values()].reduce((sum, { length }) => sum + length, 0);
    if (left < before) continue;
    const [name] = calls.keys();
    const what = `segment ${index} has a layer '${String(name)}' whose input never comes: it follows from itself, or from a layer or a call that there is not`;
    throw new TandemError('BAD_MODEL', what, 'use a server that you trust');
  }
}
