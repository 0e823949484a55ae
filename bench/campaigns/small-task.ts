/** The small run's task, as a file for `--task`. */
export { smallTask as default } from './small-run.js';
