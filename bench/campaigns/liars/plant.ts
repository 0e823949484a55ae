import { register } from 'node:module';
import { plantedBugs } from './planted-bugs.js';

// For `node --import`: whatever is loaded from here on has the bug of this number in it.
const bug = plantedBugs[Number(process.env.TANDEM_PLANTED)];
if (!bug) throw new Error(`there is no planted bug ${process.env.TANDEM_PLANTED ?? ''}`);
register(new URL('plant-hook.js', import.meta.url), { data: bug });
