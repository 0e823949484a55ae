import { encodeFrame } from '../../../shared/protocol/frame.js';
import { encodeHeader } from '../../../shared/protocol/header.js';
import { limits } from '../../../shared/protocol/limits.js';
import { definitions } from '../../../shared/protocol/messages.js';
import { connect } from '../../../client/node/connect.js';
import { asTandemError } from '../../../shared/errors.js';
import { hello } from '../hello.js';
import { encodeMessage } from '../../../shared/protocol/message-codec.js';
import { holds, type Attack, type Finding } from './attack.js';
import { against, pause } from './attacked-server.js';
import { Attacker } from './attacker.js';

const MOST_MEGABYTES = 600;

async function claim(url: string, samples: number, reached: () => void): Promise<void> {
  const attacker = await Attacker.join(url);
  reached();
  attacker.say({ type: 'ready', samples, testSamples: 0 });
}

/** A claim above the bound, which no encoder writes. Answers what it was refused with. */
async function forge(url: string, samples: number): Promise<string> {
  const transport = await connect(url);
  transport.send(encodeMessage(hello('train')));
  transport.send(encodeFrame(definitions.ready.code, encodeHeader({ samples, testSamples: 0 }), []));
  try {
    for await (const frame of transport.frames()) if (frame[5] === definitions.error.code) continue;
    return 'left';
  } catch (error) {
    return asTandemError(error).message;
  }
}

async function one(samples: number, flags: readonly string[]): Promise<Finding> {
  return against([...claimedSamples.flags, ...flags], async (server) => {
    await claim(server.url, samples, () => undefined);
    await pause(2);
    const [answers, megabytes] = [await server.answers(), await server.megabytes()];
    const what = `a claim of ${samples} samples ${flags.join(' ')}: ${answers ? 'answers' : 'does not answer'}, ${megabytes} MB`;
    return holds(answers && megabytes < MOST_MEGABYTES, what);
  });
}

export const claimedSamples: Attack = {
  name: 'claimed-samples',
  promise: 'a server goes on answering whatever a client claims to have',
  flags: ['--clients', '1', '--epochs', '1'],
  client: (url, reached) => claim(url, 160, reached),
  run: async () => [
    await one(160, []),
    await one(limits.samples, []),
    await one(limits.samples, ['--steps', '50']),
    await one(limits.samples, ['--schedule', 'sequential']),
    await against(claimedSamples.flags, async ({ url }) => {
      const said = await forge(url, Number.MAX_SAFE_INTEGER);
      return holds(said.includes('BAD_MESSAGE'), `a claim of 2^53 - 1 samples: ${said}`);
    }),
  ],
};
