/**
 * Every refusal, in one table: a stable code, the WebSocket close status, whether trying again can help, and what to do.
 * docs/protocol.md lists the same table; a test holds the two together.
 */
export const refusals = {
  BAD_FRAME: { close: 4400, retryable: false, action: 'send frames as docs/protocol.md describes' },
  BAD_MESSAGE: { close: 4401, retryable: false, action: 'correct the field named in the message' },
  BAD_VERSION: { close: 4402, retryable: false, action: 'install the same Tandem version on both sides' },
  BAD_STATE: { close: 4403, retryable: false, action: 'send only what docs/protocol.md allows in this state' },
  BAD_SHAPE: { close: 4404, retryable: false, action: "check the data against the task's input contract" },
  BAD_VALUE: { close: 4405, retryable: false, action: 'check the data for NaN, infinities and values out of range' },
  BAD_LABEL: { close: 4406, retryable: false, action: "check the labels against the task's label contract" },
  STEP_GAP: { close: 4407, retryable: true, action: 'resend from the step the server names' },
  CONFLICT: { close: 4408, retryable: false, action: 'join again; the step was sent twice with different content' },
  RUN_FULL: { close: 4409, retryable: true, action: 'wait for the next run, or raise --clients on the server' },
  RUN_OVER: { close: 4410, retryable: false, action: 'start a new run' },
  SESSION_LOST: { close: 4411, retryable: false, action: 'join again; the session cannot go on' },
  TAKEN_OVER: { close: 4412, retryable: false, action: 'nothing; the session goes on over another link' },
  TOO_LARGE: { close: 4413, retryable: false, action: 'lower --batch; one message exceeds what this run allows' },
  TOO_SLOW: { close: 4414, retryable: true, action: 'read replies faster, or join over a better link' },
  UNREACHABLE: { close: 4420, retryable: true, action: 'check the address and that the server is running' },
  LINK_LOST: { close: 4421, retryable: true, action: 'join again' },
  NO_CLIENTS: { close: 4422, retryable: true, action: 'start the clients again; every one of them has left' },
  CANCELLED: { close: 4423, retryable: true, action: 'start again when ready' },
  BAD_ADDRESS: { close: 4424, retryable: false, action: 'give the address that the server prints when it starts' },
  BAD_CERTIFICATE: { close: 4425, retryable: false, action: "name the certificate authority's file with --ca" },
  BAD_CUT: { close: 4430, retryable: false, action: 'choose a cut that separates the model' },
  BAD_MODEL: { close: 4431, retryable: false, action: 'see docs/cutting.md for what a model may hold' },
  BAD_DATA: { close: 4432, retryable: false, action: 'correct the data set' },
  BAD_OPTION: { close: 4433, retryable: false, action: 'see --help' },
  MISSING: { close: 4434, retryable: false, action: 'install what is named' },
  CANNOT_WRITE: { close: 4435, retryable: true, action: 'make room, or give another place to write' },
  CANNOT_READ: { close: 4436, retryable: false, action: 'check the path and who may read it' },
  NO_ENTRY: { close: 4440, retryable: false, action: 'ask whoever runs the server for an invite' },
  WRONG_ROLE: { close: 4441, retryable: false, action: 'ask whoever runs the server for an invite to that role' },
  WRONG_ORIGIN: { close: 4442, retryable: false, action: 'start the server with --allow-origin for this page' },
  WRONG_HOST: { close: 4445, retryable: false, action: 'start the server with --host-name for this name' },
  TOO_MANY: { close: 4443, retryable: true, action: 'wait, then try again' },
  NOT_SHARED: { close: 4444, retryable: false, action: 'ask whoever runs the server to start it with --share-model' },
  INTERNAL: { close: 4500, retryable: true, action: 'report this with the log of the server' },
} as const satisfies Record<string, { close: number; retryable: boolean; action: string }>;

export type RefusalCode = keyof typeof refusals;

/** An error a person or a peer is told about. `message` says what happened and with what value; `action`, what to do. */
export class TandemError extends Error {
  override readonly name = 'TandemError';
  readonly action: string;

  constructor(
    readonly code: RefusalCode,
    message: string,
    action: string = refusals[code].action,
    /** The numbered step that was refused, when there is one. */
    readonly step?: number,
  ) {
    super(message);
    this.action = action;
  }

  get retryable(): boolean {
    return refusals[this.code].retryable;
  }

  /** The WebSocket close status, in the private range. */
  get close(): number {
    return refusals[this.code].close;
  }

  /** The one line a person reads. */
  get line(): string {
    return `${this.message}: ${this.action} (${this.code})`;
  }
}

export function isRefusalCode(code: string): code is RefusalCode {
  return Object.hasOwn(refusals, code);
}

/** Any thrown thing as a TandemError; what was not foreseen becomes INTERNAL. */
export function asTandemError(error: unknown): TandemError {
  if (error instanceof TandemError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new TandemError('INTERNAL', message);
}
