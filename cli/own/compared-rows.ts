import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findSource } from '../../client/node/own/find-source.js';
import { readAsked } from '../../client/node/own/asked-data.js';
import { testTableOf } from '../../client/node/data/table.js';
import type { ComparedRow } from '../../shared/export/check-prepared.js';
import type { Preparation } from '../../shared/preparation/preparation.js';
import { runFiles } from '../../storage/run-folder.js';

const MOST_ROWS = 256;

/** Samples that a run was tested on, raw and as its model takes them. Throws CANNOT_READ and BAD_DATA. */
export async function comparedRows(folder: string, data: string, preparation: Preparation): Promise<ComparedRow[]> {
  const source = await findSource((preparation.kind === 'table' ? testTableOf(data) : undefined) ?? data);
  const asked = await readAsked(source, preparation);
  const tested = await testedRows(join(folder, runFiles.predictions));
  const rows = (tested.length > 0 ? tested : [...Array(asked.size).keys()]).filter((row) => row < asked.size);
  const step = Math.max(1, Math.floor(rows.length / MOST_ROWS));
  const compared: ComparedRow[] = [];
  for (const row of rows.filter((_, i) => i % step === 0).slice(0, MOST_ROWS))
    compared.push({ raw: await asked.raw(row), inputs: await asked.inputs([row]) });
  return compared;
}

/** The places of test rows; none where a run has not kept what it answered. */
async function testedRows(path: string): Promise<number[]> {
  if (!existsSync(path)) return [];
  const lines = (await readFile(path, 'utf8')).trim().split('\n').slice(1);
  return lines.flatMap((line) => (/^\d+,/.test(line) ? [Number.parseInt(line, 10)] : []));
}
