/** What only the package has, made as `npm pack` begins: native libraries for each platform, and what servers send, compressed. */
import { fileURLToPath } from 'node:url';
import { packNatives } from './pack-natives.js';
import { squeezeSite } from './squeeze-site.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
await packNatives(root);
await squeezeSite(root);
