import { convolutionLowerings } from './convolution.js';
import { depthwiseLowerings } from './depthwise.js';
import { einsumLowerings } from './einsum.js';
import { elementwiseLowerings } from './elementwise.js';
import { indexingLowerings } from './indexing.js';
import type { Lowerings } from './lowering.js';
import { matMulLowerings } from './matmul.js';
import { normalisationLowerings } from './normalisation.js';
import { poolingLowerings } from './pooling.js';
import { reductionLowerings } from './reduction.js';
import { resizeLowerings } from './resize.js';
import { shapeLowerings } from './shape.js';
import { unaryLowerings } from './unary.js';

/** Every tfjs kernel that can be compiled. */
export const lowerings: Lowerings = {
  ...convolutionLowerings,
  ...depthwiseLowerings,
  ...einsumLowerings,
  ...elementwiseLowerings,
  ...indexingLowerings,
  ...matMulLowerings,
  ...normalisationLowerings,
  ...poolingLowerings,
  ...reductionLowerings,
  ...resizeLowerings,
  ...shapeLowerings,
  ...unaryLowerings,
};
