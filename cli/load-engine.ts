import type { Logger } from 'pino';
import { chooseEngine } from '../shared/engine/choose-engine.js';
import type { Engine } from '../shared/engine/engine.js';

/** Loads the engine the flags ask for and tells what could not be used. */
export async function loadEngine(name: string | undefined, log: Logger): Promise<Engine> {
  const engine = await chooseEngine(name, {
    onNotice: (text) => log.warn(text),
    onCompiled: (text) => log.info(text),
  });
  if (engine.notice !== undefined) log.info(engine.notice);
  return engine;
}
