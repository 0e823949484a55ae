/**
 * `npm run check:install [-- PART...]`: packs, installs the tarball outside of the project as people do, and tries what comes of it. Parts are
 * `managers`, `runtimes`, `bundlers`, `visits` and `slow`, or one of a part: `managers:pnpm`. Writes bench/results/install.json and the tables of
 * docs/installing.md. It takes minutes, and asks the package registry. `TANDEM_TARBALL` names a tarball that is packed already.
 */
import { stat } from 'node:fs/promises';
import { visitTwice } from './visit.js';
import { checkBundlers } from './bundlers.js';
import { checkManagers } from './managers.js';
import { keepResults } from './results.js';
import { checkRuntimes } from './runtimes.js';
import { openRun } from './served-run.js';
import { visitSlowly } from './slow-visit.js';
import { closeWorkplace, emptyProject, openWorkplace, run, type Workplace } from './workplace.js';

let home: string | undefined;

/** A folder with the package alone. */
async function installed(place: Workplace): Promise<string> {
  if (home === undefined) {
    home = await emptyProject(place, 'home');
    await run(place, home, 'npm', ['install', place.tarball]);
  }
  return home;
}

async function visits(place: Workplace) {
  const folder = await installed(place);
  return {
    http: await visitTwice(() => openRun(place, folder, 20790, false)),
    https: await visitTwice(() => openRun(place, folder, 20791, true)),
  };
}

async function slow(place: Workplace, wanted: RegExp) {
  const folder = await installed(place);
  const seen: Record<string, object> = {};
  for (const scheme of ['http', 'https'].filter((each) => wanted.test(each))) {
    const served = await openRun(place, folder, 20792, scheme === 'https');
    seen[scheme] = await visitSlowly(served).finally(() => served.close());
  }
  return seen;
}

const parts = { managers: checkManagers, runtimes: checkRuntimes, bundlers: checkBundlers, visits, slow };

const asked = process.argv.slice(2).map((word) => word.split(':'));
const unknown = asked.find(([part = '']) => !(part in parts));
if (unknown) throw new Error(`there is no part '${unknown.join(':')}': ${Object.keys(parts).join(', ')}`);

const place = await openWorkplace();
try {
  const { size } = await stat(place.tarball);
  for (const [name, check] of Object.entries(parts)) {
    const one = asked.find(([part]) => part === name);
    if (asked.length > 0 && !one) continue;
    const found = await check(place, new RegExp(one?.[1] ?? '', 'i'));
    console.log(JSON.stringify({ [name]: found }, null, 2));
    await keepResults({ tarballMegabytes: Math.ceil(size / 1e6), [name]: found });
  }
} finally {
  await closeWorkplace(place);
}
