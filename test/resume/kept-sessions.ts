import { createHash } from 'node:crypto';
import type { InferenceSession } from 'onnxruntime-common';

type Create = (model: Uint8Array, options: InferenceSession.SessionOptions) => Promise<InferenceSession>;

/** How many sessions the engine has asked for, and how many of them had to be compiled. */
export interface KeptSessions {
  readonly asked: number;
  readonly compiled: number;
}

/**
 * ONNX Runtime compiles each graph once in this process: thousands of worlds have the same. A session keeps nothing from one run to the
 * next, so all can have it. Answers the counts, which go on.
 */
export async function keepSessions(): Promise<KeptSessions> {
  // The very copy that the engine computes with: another one's sessions are nobody's.
  const name = '#onnxruntime/native';
  const { default: runtime } = (await import(name)) as { default: { InferenceSession: { create: Create } } };
  const { InferenceSession } = runtime;
  const create = InferenceSession.create.bind(InferenceSession);
  const kept = new Map<string, Promise<InferenceSession>>();
  let asked = 0;
  InferenceSession.create = (model, options) => {
    const key = createHash('sha256').update(model).update(JSON.stringify(options)).digest('hex');
    const session = kept.get(key) ?? create(model, options);
    kept.set(key, session);
    asked++;
    return session.then(unreleased);
  };
  return {
    get asked() {
      return asked;
    },
    get compiled() {
      return kept.size;
    },
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
