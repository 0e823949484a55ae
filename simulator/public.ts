/** What `tandem/simulator` offers. */
export { simulate, type SimulateOptions } from './simulate.js';
export { verify, type Verification, type VerifyOptions } from './verify.js';
