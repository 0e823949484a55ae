import {
  callable,
  faultOfFields,
  isObject,
  like,
  optional,
  type Fields,
  type Rule,
} from '../../shared/fields/rules.js';
import type { RunHooks } from './run-hooks.js';

const hookFields = {
  admit: optional(callable),
  roundStart: optional(callable),
  step: optional(callable),
  roundEnd: optional(callable),
} satisfies Fields<RunHooks>;

const hooks = like('an object of functions', isObject);

/** What `hooks` may be: a hook of another name would never be called. */
export const hooksRule: Rule & { readonly optional: true } = optional({
  ...hooks,
  fault: (value) => (isObject(value) ? faultOfFields(value, hookFields, 'hook') : hooks.fault(value)),
});
