import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { writeSection } from '../../bench/markdown.js';
import { topologyMatrix } from '../helpers/topology-matrix.js';

const page = new URL('../../docs/topologies.md', import.meta.url);

/** `UPDATE_DOCS=1 npx vitest run test/docs/topology-matrix.test.ts` writes it. */
it('docs/topologies.md says which topologies and schedules go together', async () => {
  if (process.env.UPDATE_DOCS) await writeSection(page, 'matrix', topologyMatrix());
  const text = await readFile(page, 'utf8');
  expect(text).toContain(`<!-- matrix begin -->\n\n${topologyMatrix()}\n\n<!-- matrix end -->`);
});
