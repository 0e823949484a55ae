import { createHash } from 'node:crypto';
import type { InferenceSession } from 'onnxruntime-common';

type Create = (model: Uint8Array, options: InferenceSession.SessionOptions) => Promise<InferenceSession>;

/**
 * ONNX Runtime compiles each graph once in this process: thousands of worlds have the same. A session keeps nothing from one run to the
 * next, so all can have it.
 */
export async function keepSessions(): Promise<void> {
  const name = 'onnxruntime-node';
  const { default: runtime } = (await import(name)) as { default: { InferenceSession: { create: Create } } };
  const { InferenceSession } = runtime;
  const create = InferenceSession.create.bind(InferenceSession);
  const kept = new Map<string, Promise<InferenceSession>>();
  InferenceSession.create = (model, options) => {
    const key = createHash('sha256').update(model).update(JSON.stringify(options)).digest('hex');
    const session = kept.get(key) ?? create(model, options);
    kept.set(key, session);
    return session.then(unreleased);
  };
}

function unreleased(session: InferenceSession): InferenceSession {
  return new Proxy(session, {
    get: (target, name) => {
      if (name === 'release') return () => Promise.resolve();
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
