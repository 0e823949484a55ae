import * as tf from '@tensorflow/tfjs';

/** A task file with a layer and a loss of its own, as threads import it. */
class Tripled extends tf.layers.Layer {
  static className = 'TestTripled';

  computeOutputShape(shape) {
    return shape;
  }

  call(inputs) {
    return tf.mul(Array.isArray(inputs) ? inputs[0] : inputs, 3);
  }
}
tf.serialization.registerClass(Tripled);

export const model = () =>
  tf.sequential({
    layers: [
      tf.layers.dense({ units: 4, activation: 'tanh', inputShape: [5] }),
      new Tripled({}),
      tf.layers.dense({ units: 3 }),
    ],
  });

export default {
  loss: ([labels], [outputs]) => tf.mean(tf.pow(tf.sub(labels, outputs), 4)),
};
