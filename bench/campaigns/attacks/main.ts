/** Plays attacks against a server and says which of them find a fault: npm run attacks -- [NAME ...] [--json] */
import { parseArgs } from 'node:util';
import { asTandemError } from '../../../shared/errors.js';
import { fault } from './attack.js';
import { attacks } from './list.js';

const { values, positionals } = parseArgs({ options: { json: { type: 'boolean' } }, allowPositionals: true });
const unknown = positionals.find((name) => !attacks.some((attack) => attack.name === name));
if (unknown !== undefined) {
  console.error(`there is no attack '${unknown}': ${attacks.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
const results = [];
for (const attack of attacks) {
  const { name, promise } = attack;
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const findings = await attack.run().catch((error: unknown) => [fault(asTandemError(error).message)]);
  results.push({ name, promise, findings });
  if (values.json) continue;
  console.log(`${name}: ${promise}`);
  for (const finding of findings) console.log(`  ${finding.fault ? 'FAULT' : 'ok   '} ${finding.what}`);
}
if (values.json) console.log(JSON.stringify(results));
process.exit(results.some(({ findings }) => findings.some((finding) => finding.fault)) ? 1 : 0);
