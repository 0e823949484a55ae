/** What each codec costs and saves, in Node and in a tab of Chromium: `npm run bench:wire`. */
import { readFile, writeFile } from 'node:fs/promises';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { builtinCodecs } from '../shared/wire/codec-registry.js';
import type { Codec } from '../shared/wire/codec.js';
import { gradients, measureCodec, measuredCodecs, smashed } from './codec-speed.js';
import { measureInTab } from './codec-tab.js';
import { machine } from './measuring.js';
import { root, writeResult } from './results.js';
import { withCodecs, type WireBench } from './wire-render.js';

const codecs = [...measuredCodecs, deflated(builtinCodecs.find('int8')), deflated(builtinCodecs.find('int4'))];
const bench: WireBench = {
  date: new Date().toISOString().slice(0, 10),
  machine: machine(),
  smashed: codecs.map((codec) => measureCodec(codec, smashed)),
  gradients: codecs.map((codec) => measureCodec(codec, gradients)),
  tab: await measureInTab(),
};
await writeResult('wire', bench);
const page = new URL('docs/wire.md', root);
await writeFile(page, withCodecs(await readFile(page, 'utf8'), bench));
console.log(JSON.stringify(bench));

/** The baseline of entropy coders, which browsers have as a stream only. */
function deflated(codec: Codec): Codec {
  return {
    ...codec,
    name: `${codec.name}, then deflate`,
    encode(values, context, state) {
      const { bytes, state: after } = codec.encode(values, context, state);
      return { bytes: deflateRawSync(bytes), state: after };
    },
    decode: (bytes, context, state) => codec.decode(inflateRawSync(bytes), context, state),
  };
}
