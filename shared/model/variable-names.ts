import * as tf from '#tfjs';

interface VariableEngine {
  readonly state: { readonly registeredVariables: Readonly<Record<string, unknown>> };
  makeVariable(initial: tf.Tensor, trainable?: boolean, name?: string, dtype?: tf.DataType): tf.Variable;
}

let shared = false;

/**
 * Two copies of tfjs in one process have one engine, and each counts the names of its own variables: where both have a layer of one name,
 * the engine would refuse the second. From now on it gives that one another name.
 */
export function shareVariableNames(): void {
  if (shared) return;
  shared = true;
  const engine = tf.engine() as unknown as VariableEngine;
  const make = engine.makeVariable.bind(engine);
  let renamed = 0;
  engine.makeVariable = (initial, trainable, name, dtype) => {
    const taken = name !== undefined && Object.hasOwn(engine.state.registeredVariables, name);
    return make(initial, trainable, taken ? `${name}~${++renamed}` : name, dtype);
  };
}
