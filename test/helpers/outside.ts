import { existsSync } from 'node:fs';
import type { TestContext } from 'vitest';

/** Something a test needs that is no part of the project and of no package it installs. */
export interface Outside {
  readonly name: string;
  readonly path: string;
  readonly howToGet: string;
}

/** The UCI Adult table, which lies beside the repository where somebody has put it. */
export const adult: Outside = {
  name: 'the UCI Adult table',
  path: '../shared/data/adult/adult-train.csv',
  howToGet:
    'download the data set "Adult" of the UCI Machine Learning Repository and copy adult.data to ' +
    '../shared/data/adult/adult-train.csv',
};

/**
 * Goes on when the component is there. Otherwise the test is left out by name with how to get what it lacks; in CI,
 * where everything has to be there, it fails.
 */
export function needs({ skip }: TestContext, { name, path, howToGet }: Outside): void {
  if (existsSync(path)) return;
  const reason = `${name} is not at ${path}: ${howToGet}`;
  if (process.env.CI === 'true') throw new Error(reason);
  skip(reason);
}
