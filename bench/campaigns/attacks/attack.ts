/** What one part of an attack has shown. */
export interface Finding {
  readonly fault: boolean;
  readonly what: string;
}

/** A client that keeps to the protocol and does harm all the same, or somebody at the door. */
export interface Attack {
  readonly name: string;
  /** What ought to hold. */
  readonly promise: string;
  /** Plays the part of the attacker; `reached` is called when all up to the attack itself was accepted. */
  readonly client?: (url: string, reached: () => void) => Promise<unknown>;
  /** The flags of `serve` with which the attack means something. */
  readonly flags: readonly string[];
  run(): Promise<readonly Finding[]>;
}

export function ok(what: string): Finding {
  return { fault: false, what };
}

export function fault(what: string): Finding {
  return { fault: true, what };
}

/** Whether something holds, with what was seen. */
export function holds(condition: boolean, what: string): Finding {
  return { fault: !condition, what };
}
