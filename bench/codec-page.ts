import { measureCodec, measuredCodecs, smashed } from './codec-speed.js';

// A page waits for this: see codec-tab.ts.
Object.assign(globalThis, { measureCodecs: () => measuredCodecs.map((codec) => measureCodec(codec, smashed)) });
