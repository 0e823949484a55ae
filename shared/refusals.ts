export interface Refusal {
  /** The WebSocket close status. */
  readonly close: number;
  /** Whether trying again can help. */
  readonly retryable: boolean;
  /** What happened, whatever the case. */
  readonly what: string;
  readonly action: string;
  /** Whether the message may repeat values of somebody's data, so that the other side is told `what` instead. */
  readonly quotesData?: boolean;
  /** Whether only a program that breaks the rules leads to it, and no person. */
  readonly ofPrograms?: boolean;
  /** The exit code of a command that fails with it; 1 by default. */
  readonly exit?: number;
}

/**
 * Every refusal, in one table: a new one is a row here. docs/protocol.md and docs/errors.md show the same table; tests hold them
 * together.
 */
export const refusals = {
  BAD_FRAME: {
    close: 4400,
    retryable: false,
    what: "a frame's bytes are not laid out as the protocol says",
    action: 'send frames as docs/protocol.md describes',
    ofPrograms: true,
  },
  BAD_MESSAGE: {
    close: 4401,
    retryable: false,
    what: 'a field of a message is missing, of another type or out of its bounds',
    action: 'correct the field named in the message',
    ofPrograms: true,
  },
  BAD_VERSION: {
    close: 4402,
    retryable: false,
    what: 'the two sides speak different versions of the protocol',
    action: 'install the same Tandem version on both sides',
  },
  BAD_STATE: {
    close: 4403,
    retryable: false,
    what: 'a message came when the session was not ready for it',
    action: 'send only what docs/protocol.md allows in this state',
    ofPrograms: true,
  },
  BAD_SHAPE: {
    close: 4404,
    retryable: false,
    what: 'a tensor has another shape or type than the model',
    action: "check the data against the task's input contract",
  },
  BAD_VALUE: {
    close: 4405,
    retryable: false,
    what: 'a number is NaN, infinite or out of its range',
    action: 'check the data for NaN, infinities and values out of range',
    quotesData: true,
  },
  BAD_LABEL: {
    close: 4406,
    retryable: false,
    what: "a label is out of the task's range",
    action: "check the labels against the task's label contract",
    quotesData: true,
  },
  STEP_GAP: {
    close: 4407,
    retryable: false,
    what: 'a step came out of its order',
    action: 'send steps one after the other, from the one that is named',
    ofPrograms: true,
  },
  CONFLICT: {
    close: 4408,
    retryable: false,
    what: 'a message of the session was made again, and came out different',
    action: 'join again; go on with the same program, data and machine',
    ofPrograms: true,
  },
  RUN_FULL: {
    close: 4409,
    retryable: true,
    what: 'all places of the run are taken',
    action: 'wait for the next run, or raise --clients on the server',
  },
  RUN_OVER: { close: 4410, retryable: false, what: 'the run is over', action: 'start a new run' },
  SESSION_LOST: {
    close: 4411,
    retryable: false,
    what: 'the server does not know the session any more',
    action: 'join again; the session cannot go on',
  },
  TAKEN_OVER: {
    close: 4412,
    retryable: false,
    what: 'the session goes on over another link',
    action: 'nothing; the session goes on over another link',
  },
  TOO_LARGE: {
    close: 4413,
    retryable: false,
    what: 'a message is larger than this run allows',
    action: 'lower --batch; one message exceeds what this run allows',
  },
  TOO_SLOW: {
    close: 4414,
    retryable: true,
    what: 'replies were not read for too long',
    action: 'read replies faster, or join over a better link',
  },
  UNREACHABLE: {
    close: 4420,
    retryable: true,
    what: 'no server answers at the address',
    action: 'check the address and that the server is running',
  },
  LINK_LOST: { close: 4421, retryable: true, what: 'the link was lost and did not come back', action: 'join again' },
  NO_CLIENTS: {
    close: 4422,
    retryable: true,
    what: 'all clients of the run have left or fell silent',
    action: 'start the clients again; every one of them has left',
  },
  CANCELLED: {
    close: 4423,
    retryable: true,
    what: 'it was stopped on purpose',
    action: 'start again when ready',
    exit: 130,
  },
  BAD_ADDRESS: {
    close: 4424,
    retryable: false,
    what: 'what answers at the address is no Tandem server, or answers by another scheme',
    action: 'give the address that the server prints when it starts',
  },
  BAD_CERTIFICATE: {
    close: 4425,
    retryable: false,
    what: "the server's certificate is not trusted, or not good for its name or its time",
    action: "name the certificate authority's file with --ca",
  },
  CLIENT_LOST: {
    close: 4426,
    retryable: true,
    what: 'the run ended well, but without a client that was lost for an error',
    action: 'see to the cause and run it again, or leave out --strict',
  },
  BAD_CUT: {
    close: 4430,
    retryable: false,
    what: 'the model cannot be cut there',
    action: 'choose a cut that separates the model',
  },
  BAD_MODEL: {
    close: 4431,
    retryable: false,
    what: 'the model has something that cannot be trained in parts',
    action: 'see docs/cutting.md for what a model may hold',
  },
  BAD_DATA: {
    close: 4432,
    retryable: false,
    what: 'the data cannot be read as the task needs them',
    action: 'correct the data set',
    quotesData: true,
  },
  BAD_OPTION: {
    close: 4433,
    retryable: false,
    what: 'an option, or two of them together, cannot be used',
    action: 'see --help',
    exit: 2,
  },
  MISSING: {
    close: 4434,
    retryable: false,
    what: 'something that has to be installed is not there',
    action: 'install what is named',
  },
  CANNOT_WRITE: {
    close: 4435,
    retryable: true,
    what: 'a file or folder cannot be written',
    action: 'make room, or give another place to write',
  },
  CANNOT_READ: {
    close: 4436,
    retryable: false,
    what: 'a file or folder cannot be read',
    action: 'check the path and who may read it',
  },
  NO_ENTRY: {
    close: 4440,
    retryable: false,
    what: 'the server lets in only who has a right to come in',
    action: 'ask whoever runs the server for an invite',
  },
  WRONG_ROLE: {
    close: 4441,
    retryable: false,
    what: 'the invite is for another role',
    action: 'ask whoever runs the server for an invite to that role',
  },
  WRONG_ORIGIN: {
    close: 4442,
    retryable: false,
    what: 'the page is not one that the server allows',
    action: 'start the server with --allow-origin for this page',
  },
  WRONG_HOST: {
    close: 4445,
    retryable: false,
    what: 'the server is asked for under a name that is not its own',
    action: 'start the server with --host-name for this name',
  },
  TOO_MANY: {
    close: 4443,
    retryable: true,
    what: 'too many came at once, or too often',
    action: 'wait, then try again',
  },
  NOT_SHARED: {
    close: 4444,
    retryable: false,
    what: 'the server does not give its model away',
    action: 'ask whoever runs the server to start it with --share-model',
  },
  INTERNAL: {
    close: 4500,
    retryable: true,
    what: 'something happened that nobody had foreseen',
    action: 'report this with the log of the server',
    quotesData: true,
    ofPrograms: true,
  },
} as const satisfies Record<string, Refusal>;

/** The stable code of a refusal; docs/errors.md lists them all. */
export type RefusalCode = keyof typeof refusals;
