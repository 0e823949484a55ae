const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type Interrupting = (typeof SIGNALS)[number];

const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** A terminal, and a program such as npx between it and this one, may both pass one Ctrl-C on. */
const SAME_MS = 300;

const NAMES: Readonly<Record<Interrupting, string>> = {
  SIGINT: 'Ctrl-C',
  SIGTERM: 'SIGTERM',
  SIGHUP: 'SIGHUP (the terminal has gone away)',
};

let first: { readonly signal: Interrupting; readonly atMs: number } | undefined;
let endInOrder: ((signal: Interrupting) => void) | undefined;

/** From here on a signal ends a command in order where it can, otherwise with `word`; a second one ends it at once. */
export function listenForSignals(word: (signal: Interrupting) => void): void {
  for (const signal of SIGNALS) process.on(signal, () => heard(signal, word));
}

/** Aborted by the first signal, which `say` is told of: whoever asks for this ends the command in order. */
export function interruption(say: (text: string) => void): AbortSignal {
  const controller = new AbortController();
  endInOrder = (signal) => {
    say(`${NAMES[signal]}: ending in order; once more ends it at once`);
    controller.abort();
  };
  return controller.signal;
}

/** Calls back when a signal is aborted, or at once where it is already. */
export function onAbort(signal: AbortSignal, callback: () => void): void {
  if (signal.aborted) callback();
  else signal.addEventListener('abort', callback, { once: true });
}

/** The signal that asked this process to end; null where none has. */
export function interruptedBy(): Interrupting | null {
  return first?.signal ?? null;
}

/**
 * Makes a signal the reason for which the process ends. A supervisor that sent SIGTERM then sees that SIGTERM was obeyed, and no failure. Ctrl-C
 * has an exit code of its own, which scripts know.
 */
export function endBy(signal: Interrupting | null): void {
  process.exitCode = exitCodes[signal ?? 'SIGINT'];
  if (signal === null || signal === 'SIGINT') return;
  process.once('exit', () => {
    process.removeAllListeners(signal);
    // Without effect for the first process of a container, which then ends with the code.
    process.kill(process.pid, signal);
  });
}

function heard(signal: Interrupting, word: (signal: Interrupting) => void): void {
  const before = first;
  first ??= { signal, atMs: performance.now() };
  if (!before && endInOrder) return endInOrder(signal);
  // A terminal that goes away may say so more than once.
  if (before && (signal === 'SIGHUP' || performance.now() - before.atMs < SAME_MS)) return;
  if (!before) word(signal);
  endBy(first.signal);
  process.exit();
}
