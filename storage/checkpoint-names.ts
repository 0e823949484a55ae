/** What the name of a checkpoint's file says. */
export interface CheckpointName {
  /** Whose state it is: `server` or `client`. */
  readonly name: string;
  readonly generation: number;
}

export function checkpointFile({ name, generation }: CheckpointName, copy: string): string {
  return `${name}.${generation}${copy}.tndc`;
}

/** Of a file or its copy; undefined for any other file. */
export function parseCheckpointFile(file: string): CheckpointName | undefined {
  const [, name, generation] = /^(.*?)\.(\d+)(?:\.copy)?\.tndc$/.exec(file) ?? [];
  return name === undefined ? undefined : { name, generation: Number(generation) };
}
