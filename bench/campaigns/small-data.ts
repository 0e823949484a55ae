/** The small run's data, as a file for `--data`. */
export { smallData as default } from './small-run.js';
