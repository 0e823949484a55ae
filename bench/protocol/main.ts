import { writeProtocol } from './write.js';

await writeProtocol();
