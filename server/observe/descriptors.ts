import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { TandemError } from '../../shared/errors.js';
import type { Readiness } from './readiness.js';

/** File descriptors held in reserve, so that at the limit some are left to refuse new clients and to write checkpoints. */
const RESERVE = 16;
/** After the limit was reached, so many more must be free before new clients are let in, so that it does not flutter. */
const MARGIN = 16;
const LOOK_AGAIN_MS = 1_000;
const WHAT = 'this process has as many files and sockets open as it may';

export interface DescriptorsOptions {
  readonly readiness: Readiness;
  readonly onTrouble: (text: string) => void;
  /** Opens a descriptor; returns how to close it. Throws EMFILE or ENFILE. */
  readonly open?: () => () => void;
}

/** Notices when the process has run out of file descriptors. Without this, new sockets would be closed silently. */
export class Descriptors {
  private reserve: (() => void)[] = [];
  private isOut = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: DescriptorsOptions) {
    this.look();
  }

  /** The refusal of new clients; undefined while there are descriptors. */
  get refusal(): TandemError | undefined {
    if (!this.isOut) return undefined;
    const action = 'wait, then try again; whoever runs the server raises its limit (ulimit -n, LimitNOFILE)';
    return new TandemError('TOO_MANY', `the server cannot take another connection: ${WHAT}`, action);
  }

  /** Checks the number of free descriptors: with each new client, and once a second while there are too few. */
  readonly look = (): void => {
    const { open = openNull } = this.options;
    try {
      const free = RESERVE + 1 + (this.isOut ? MARGIN : 0);
      while (this.reserve.length < free) this.reserve.push(open());
      this.letGo(RESERVE);
      this.change(false);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      // Another error says nothing about the limit.
      if (code !== 'EMFILE' && code !== 'ENFILE') return this.options.onTrouble(message);
      this.letGo();
      this.change(true);
    }
  };

  close(): void {
    clearTimeout(this.timer);
    this.letGo();
  }

  private letGo(but = 0): void {
    for (const close of this.reserve.splice(but)) close();
  }

  private change(isOut: boolean): void {
    clearTimeout(this.timer);
    if (isOut) this.timer = setTimeout(this.look, LOOK_AGAIN_MS).unref();
    if (isOut === this.isOut) return;
    this.isOut = isOut;
    const { readiness, onTrouble } = this.options;
    readiness.hinder(isOut ? WHAT : null);
    onTrouble(
      isOut
        ? `${WHAT}: nobody new is let in until some are closed; raise the limit (ulimit -n, LimitNOFILE)`
        : 'there is room for files and sockets again',
    );
  }
}

function openNull(): () => void {
  const descriptor = openSync(devNull, 'r');
  return () => closeSync(descriptor);
}
