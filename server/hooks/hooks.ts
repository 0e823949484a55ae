import { asTandemError } from '../../shared/errors.js';
import { plainLine } from '../../shared/plain-line.js';
import type { BegunRound, EndedRound, Newcomer, RunHooks, TakenStep } from './run-hooks.js';

/** A door whose lock is broken stays shut. */
const CANNOT_TELL = 'the server could not tell whether you may come in';

/**
 * Calls a program's hooks. One that throws, or returns what it may not, is reported and ignored; no client pays for it.
 */
export class Hooks {
  /** Why the run is to end after this round, once a hook has said so. */
  stopping: string | null = null;
  private readonly told = new Set<string>();

  constructor(
    private readonly hooks: RunHooks = {},
    private readonly onTrouble: (text: string) => void = (text) => process.emitWarning(text),
  ) {}

  /** Why a client is not to be let in; undefined where nothing speaks against it. */
  admit(client: Newcomer): string | undefined {
    try {
      const answer: unknown = this.hooks.admit?.(client);
      if (answer === undefined || (typeof answer === 'string' && answer !== '')) return answer;
      this.refuse('admit', answer, 'a text that says why not, or nothing');
    } catch (error) {
      this.threw('admit', error);
    }
    return CANNOT_TELL;
  }

  roundStart(round: BegunRound): void {
    this.hear('roundStart', this.call('roundStart', round));
  }

  step(step: TakenStep): void {
    if (this.hooks.step) this.hear('step', this.call('step', step));
  }

  roundEnd(round: EndedRound): void {
    this.hear('roundEnd', this.call('roundEnd', round));
  }

  private call<N extends keyof RunHooks>(name: N, facts: Parameters<NonNullable<RunHooks[N]>>[0]): unknown {
    try {
      return (this.hooks[name] as ((given: typeof facts) => unknown) | undefined)?.(facts);
    } catch (error) {
      return this.threw(name, error);
    }
  }

  private hear(name: string, answer: unknown): void {
    if (answer === undefined) return;
    const { stop } = Object(answer) as { readonly stop?: unknown };
    if (typeof stop === 'string' && stop !== '') this.stopping ??= plainLine(stop);
    else this.refuse(name, answer, "{ stop: 'why' }, or nothing");
  }

  private refuse(name: string, answer: unknown, wanted: string): void {
    if (!(answer instanceof Promise)) return this.tell(`the hook ${name} returned what it cannot: give ${wanted}`);
    answer.catch((error: unknown) => this.threw(name, error));
    this.tell(`the hook ${name} returned a promise, which is not waited for`);
  }

  private threw(name: string, error: unknown): undefined {
    this.tell(`the hook ${name} threw: ${asTandemError(error).message}`);
  }

  /** The same thing once: a hook may be called a million times. */
  private tell(text: string): void {
    if (this.told.has(text) || this.told.size > MOST_TOLD) return;
    this.told.add(text);
    this.onTrouble(text);
  }
}

const MOST_TOLD = 100;
