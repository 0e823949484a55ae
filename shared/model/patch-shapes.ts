import * as tf from '#tfjs';

type Shapes = tf.Shape | tf.Shape[];
interface Shaped {
  computeOutputShape(inputShape: Shapes): Shapes;
}

/** Layers that write what they return over the shape they are given, which is that of the layer below. */
const OVERWRITE = ['CategoryEncoding', 'CenterCrop'];

let patched = false;

/** Patches layers of tfjs whose computeOutputShape() is wrong. Call it before a model is built. */
export function patchShapes(): void {
  if (patched) return;
  patched = true;
  for (const name of OVERWRITE) {
    change(name, (original) => (shapes) => original(copied(shapes)));
  }
  // Resizing forgets the batch dimension.
  change('Resizing', (original) => (shapes) => {
    const [batch, ...image] = shapes as tf.Shape;
    return image.length === 3 ? [batch ?? null, ...(original(image) as tf.Shape)] : original(shapes);
  });
}

type Compute = Shaped['computeOutputShape'];

function change(className: string, how: (original: Compute) => Compute): void {
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  const known = classNameMap[className]?.[0] as unknown as { prototype: Shaped } | undefined;
  if (!known) return;
  const own = Object.getOwnPropertyDescriptor(known.prototype, 'computeOutputShape');
  const compute = own?.value as ((this: Shaped, shapes: Shapes) => Shapes) | undefined;
  if (!compute) return;
  known.prototype.computeOutputShape = function (this: Shaped, shapes) {
    return how((given) => compute.call(this, given))(shapes);
  };
}

function copied(shapes: Shapes): Shapes {
  return Array.isArray(shapes[0]) ? (shapes as tf.Shape[]).map((shape) => [...shape]) : ([...shapes] as tf.Shape);
}
