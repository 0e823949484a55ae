import { writeFileSync } from 'node:fs';
import { onCrashPoint } from '../../shared/crash-point.js';

/**
 * Loaded before a command (`node --import`): kills its process when it comes to the point of TANDEM_KILL_AT for the so-manyth time,
 * `POINT:TIME`; or writes down how often it came by each, as JSON into the file of TANDEM_COUNT_POINTS.
 */
const { TANDEM_KILL_AT: killAt = '', TANDEM_COUNT_POINTS: countInto } = process.env;
const [wanted, time] = killAt.split(':');
const counts: Record<string, number> = {};
onCrashPoint((point) => {
  const count = (counts[point] = (counts[point] ?? 0) + 1);
  if (point === wanted && count === Number(time)) process.kill(process.pid, 'SIGKILL');
});
if (countInto) process.on('exit', () => writeFileSync(countInto, JSON.stringify(counts)));
