import { writeErrorTables } from './render-errors.js';
import { root } from './results.js';

/** `npm run docs:errors`: writes the tables of docs/errors.md from the table of codes; a test holds them to it. */
await writeErrorTables(new URL('docs/errors.md', root));
