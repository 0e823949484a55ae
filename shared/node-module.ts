interface NodeModules {
  'node:fs': typeof import('node:fs');
  'node:module': typeof import('node:module');
  'node:os': typeof import('node:os');
  'node:worker_threads': typeof import('node:worker_threads');
}

/** A module of Node itself, by a call that bundlers for browsers do not follow. Only where `isNode()`. */
export function nodeModule<Name extends keyof NodeModules>(name: Name): NodeModules[Name] {
  const host = globalThis as unknown as { process: { getBuiltinModule(id: Name): NodeModules[Name] } };
  return host.process.getBuiltinModule(name);
}

export function isNode(): boolean {
  const host = globalThis as { process?: { versions?: { node?: string } } };
  return host.process?.versions?.node !== undefined;
}
