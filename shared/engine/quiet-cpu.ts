import * as tf from '#tfjs';

/**
 * Makes tfjs ready to build models where another engine computes. tfjs greets with an advertisement at the first tensor
 * its cpu backend holds in Node; that one tensor is made here, with tfjs told to keep quiet.
 */
export async function readyQuietly(): Promise<void> {
  await tf.ready();
  const production = tf.env().getBool('PROD');
  tf.env().set('PROD', true);
  tf.scalar(0).dispose();
  tf.env().set('PROD', production);
}
