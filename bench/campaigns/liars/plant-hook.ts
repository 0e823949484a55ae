import type { LoadHook } from 'node:module';
import type { PlantedBug } from './planted-bugs.js';

let bug: PlantedBug | undefined;

export function initialize(data: PlantedBug): void {
  bug = data;
}

/** Throws where the module is not as the bug takes it to be: a campaign without its bug would show nothing. */
export const load: LoadHook = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context);
  if (!bug || !url.endsWith(`/dist/${bug.module}`)) return loaded;
  const source = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source);
  if (source.split(bug.from).length !== 2) throw new Error(`${bug.module} has not once: ${bug.from}`);
  return { ...loaded, source: source.replace(bug.from, () => bug?.to ?? '') };
};
