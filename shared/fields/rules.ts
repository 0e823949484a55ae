import { TandemError } from '../errors.js';
import { nearestName } from './nearest-name.js';

/** What a field may hold. */
export interface Rule {
  /** For people, after "give". */
  readonly says: string;
  /** What is wrong with a value, at a path below the field; undefined for one that fits. */
  fault(value: unknown): Fault | undefined;
  readonly optional?: true;
}

/** The one thing that is wrong: where, what, and what to do. */
export interface Fault {
  readonly path: string;
  readonly what: string;
  readonly action: string;
}

/** A rule for each field of a type, so that a type and what is checked of it cannot come apart. */
export type Fields<T> = {
  readonly [K in keyof Required<T>]: object extends Pick<T, K>
    ? Rule & { readonly optional: true }
    : Rule & { readonly optional?: never };
};

/** May be left out, or undefined, which is the same. */
export function optional(rule: Rule): Rule & { readonly optional: true } {
  return { ...rule, optional: true };
}

type Needed = Rule & { readonly optional?: never };

/** A rule of its own words. */
export function like(says: string, fits: (value: unknown) => boolean): Needed {
  return { says, fault: (value) => (fits(value) ? undefined : wrong(value, says)) };
}

export const text = like('a text that is not empty', (value) => typeof value === 'string' && value !== '');
export const flag = like('true or false', (value) => typeof value === 'boolean');
export const callable = like('a function', (value) => typeof value === 'function');
/** Anything, whose own checks come later. */
export function given(says: string): Needed {
  return { says, fault: () => undefined };
}

/** An object whose own checks come later, or that only the program itself makes. */
export const object = like('an object', isObject);

export function whole(least: number, most = Number.MAX_SAFE_INTEGER): Needed {
  const says =
    most === Number.MAX_SAFE_INTEGER
      ? `a whole number of at least ${least}`
      : `a whole number from ${least} to ${most}`;
  return like(says, (value) => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most);
}

/** A number that is finite and for which `fits` holds. */
export function number(says: string, fits: (value: number) => boolean): Needed {
  return like(says, (value) => typeof value === 'number' && Number.isFinite(value) && fits(value));
}

export function choice(options: readonly string[]): Needed {
  const says =
    options.length > 1 ? `${options.slice(0, -1).join(', ')} or ${options.at(-1) ?? ''}` : (options[0] ?? '');
  return {
    says,
    fault: (value) => {
      if (options.includes(value as string)) return undefined;
      const meant = typeof value === 'string' ? nearestName(value, options) : undefined;
      return {
        path: '',
        what: `is ${shown(value)}`,
        action: meant ? `did you mean '${meant}'? Give ${says}` : `give ${says}`,
      };
    },
  };
}

export function list(of: Rule, least = 0, what = 'a list'): Needed {
  const says = least > 0 ? `${what} of at least ${least}` : what;
  return {
    says,
    fault: (value) => {
      if (!Array.isArray(value) || value.length < least) return wrong(value, says);
      return first(value.map((item, i) => below(`[${i}]`, of.fault(item))));
    },
  };
}

/** Names that a person chooses, each with one of `of`. */
export function byName(of: Rule, says: string, name: (name: string) => boolean = () => true): Needed {
  return {
    says,
    fault: (value) => {
      if (!isObject(value)) return wrong(value, says);
      return first(
        Object.entries(value).map(([key, item]) =>
          name(key)
            ? below(`.${key}`, of.fault(item))
            : { path: `.${key}`, what: 'has a name that it cannot have', action: `give ${says}` },
        ),
      );
    },
  };
}

/** What a check that throws a TandemError takes. */
export function checked(says: string, check: (value: unknown) => unknown): Needed {
  return {
    says,
    fault: (value) => {
      try {
        check(value);
        return undefined;
      } catch (error) {
        if (!(error instanceof TandemError)) throw error;
        return { path: '', what: `cannot be used: ${error.message}`, action: error.action };
      }
    },
  };
}

/** The first rule that takes a value of this shape decides. */
export function either(a: Rule, b: Rule, isFirst: (value: unknown) => boolean): Needed {
  const says = `${a.says}, or ${b.says}`;
  return {
    says,
    fault: (value) => {
      const fault = (isFirst(value) ? a : b).fault(value);
      return fault?.path === '' && fault.action === `give ${(isFirst(value) ? a : b).says}`
        ? wrong(value, says)
        : fault;
    },
  };
}

/** An object with these fields, and no others. */
export function fieldsOf(fields: Readonly<Record<string, Rule>>, says = 'an object', noun = 'field'): Needed {
  return {
    says: `${says} with ${Object.keys(fields).join(', ')}`,
    fault: (value) => {
      if (!isObject(value)) return wrong(value, `${says} with ${Object.keys(fields).join(', ')}`);
      return faultOfFields(value, fields, noun);
    },
  };
}

/** Fields that are not known are told first: a mistyped name is missing under its right one, too. */
export function faultOfFields(given: object, fields: Readonly<Record<string, Rule>>, noun?: string): Fault | undefined {
  const unknown = Object.keys(given).find((field) => !Object.hasOwn(fields, field));
  return unknown === undefined ? faultOfKnown(given, fields) : unknownField(unknown, Object.keys(fields), noun);
}

function faultOfKnown(given: object, fields: Readonly<Record<string, Rule>>): Fault | undefined {
  return first(
    Object.entries(fields).map(([field, rule]) => {
      const value = (given as Readonly<Record<string, unknown>>)[field];
      if (value !== undefined) return below(`.${field}`, rule.fault(value));
      return rule.optional ? undefined : { path: `.${field}`, what: 'is missing', action: `give ${rule.says}` };
    }),
  );
}

export function unknownField(field: string, known: readonly string[], noun = 'field'): Fault {
  const meant = nearestName(field, known);
  const all = known.length > 0 ? `there are ${known.join(', ')}` : 'leave it out';
  return {
    path: `.${field}`,
    what: `is no ${noun} there is`,
    action: meant === undefined ? all : `did you mean ${meant}?`,
  };
}

/** A value as a message shows it: short, and never an object's insides. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 40 ? `${value.slice(0, 40)}...` : value}'`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'function') return 'a function';
  if (value !== null && typeof value === 'object') return `an object${tagOf(value)}`;
  return String(value);
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function tagOf(value: object): string {
  const name = (value as { constructor?: { name?: string } }).constructor?.name ?? 'Object';
  return name === 'Object' ? '' : ` (${name})`;
}

function wrong(value: unknown, says: string): Fault {
  return { path: '', what: `is ${shown(value)}`, action: `give ${says}` };
}

function below(path: string, fault: Fault | undefined): Fault | undefined {
  return fault && { ...fault, path: `${path}${fault.path}` };
}

function first(faults: readonly (Fault | undefined)[]): Fault | undefined {
  return faults.find((fault) => fault !== undefined);
}
