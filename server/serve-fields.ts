import { callable, flag, object, optional, text, whole, type Fields } from '../shared/fields/rules.js';
import { port, runFields, seconds } from '../shared/run-fields.js';
import { taskRule } from '../shared/task-fields.js';
import { hooksRule } from './hooks/hook-fields.js';
import { doorFields } from './http/door-fields.js';
import type { ServeOptions } from './serve.js';

/** What the options of `serve` may be. */
export const serveFields = {
  ...runFields,
  ...doorFields,
  task: taskRule,
  port: optional(port),
  host: optional(text),
  keepServing: optional(flag),
  shareModel: optional(flag),
  graceSeconds: optional(seconds),
  offerData: optional(text),
  pages: optional(text),
  showCertificate: optional(flag),
  state: optional(text),
  checkpointEvery: optional(whole(1)),
  dashboard: optional(flag),
  onEvent: optional(callable),
  hooks: hooksRule,
  onModel: optional(callable),
  onTrouble: optional(callable),
  loadedEngine: optional(object),
} satisfies Fields<ServeOptions>;
