import { isNode, nodeModule } from './node-module.js';

let isDone = false;

/**
 * Lets modules of a person's, such as a task file in a run folder, import `tandem` wherever they lie: where theirs is not found, it is
 * this one. Each thread has to say so for itself.
 */
export function letModulesFindTandem(): void {
  if (isDone || !isNode()) return;
  isDone = true;
  const here = import.meta.url;
  const { registerHooks, register } = nodeModule('node:module') as Hooks;
  const isOurs = (specifier: string) => /^tandem(\/|$)/.test(specifier);
  if (registerHooks) {
    registerHooks({
      resolve(specifier, context, next) {
        try {
          return next(specifier, context);
        } catch (error) {
          if (isOurs(specifier)) return next(specifier, { ...context, parentURL: here });
          throw error;
        }
      },
    });
    return;
  }
  // Node 20 runs such hooks in a thread of their own, which is given their text.
  const text = `export async function resolve(specifier, context, next) {
    try { return await next(specifier, context); } catch (error) {
      if (/^tandem(\\/|$)/.test(specifier)) return next(specifier, { ...context, parentURL: ${JSON.stringify(here)} });
      throw error;
    }
  }`;
  register(`data:text/javascript,${encodeURIComponent(text)}`);
}

interface Context {
  readonly parentURL?: string | undefined;
}

/** What Node's module `node:module` has of hooks; its types know the newer ones only from a later version on. */
interface Hooks {
  readonly register: (url: string) => void;
  readonly registerHooks?: (hooks: {
    resolve<T>(specifier: string, context: Context, next: (specifier: string, context: Context) => T): T;
  }) => void;
}
