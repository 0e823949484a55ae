/** What `tandem/simulator` offers. */
export { simulate, type SimulateOptions } from './simulate.js';
export { compareOne, variantsOf, type ComparedRun, type Variant, type Variations } from './compare.js';
export { verify, type Verification, type VerifyOptions } from './verify.js';
