/** What `tandem/simulator` offers. */
export { simulate, type SimulateOptions } from './simulate.js';
export { compareOne, type ComparedRun } from './compare.js';
export { variantsOf, type Variant, type Variations } from './variants.js';
export { verify, type Verification, type VerifyOptions } from './verify.js';
