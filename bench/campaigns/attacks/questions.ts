import type { Message } from '../../../shared/protocol/messages.js';
import { holds, type Attack, type Finding } from './attack.js';
import { against, honest, pause } from './attacked-server.js';
import { Attacker, batch, playAlong } from './attacker.js';

const nothing = () => undefined as void;

async function asks(url: string, ask: (attacker: Attacker) => Promise<void>, testSamples = 4): Promise<string> {
  const evaluate = async (attacker: Attacker, { round }: Message<'evaluate'>) => {
    await ask(attacker);
    attacker.say({ type: 'evaluated', round, loss: null, sums: [], confusion: [] });
  };
  return playAlong(await Attacker.join(url), { samples: 16, testSamples, evaluate });
}

function many(url: string, times: number, reached = nothing): Promise<string> {
  return asks(url, async (attacker) => {
    reached();
    for (let id = 0; id < times; id++) {
      const { tensors } = batch(4, (i) => i % 3);
      const labels = batch(4).labels.map((label) => ({ ...label, data: Int32Array.from(label.data, () => id % 3) }));
      attacker.say({ type: 'query', id, tensors, labels });
      await attacker.until('prediction');
    }
  });
}

function huge(url: string, value: number, reached = nothing): Promise<string> {
  return asks(url, async (attacker) => {
    reached();
    attacker.say({ type: 'query', id: 1, ...batch(4, value) });
    await attacker.until('prediction');
  });
}

async function endless(url: string, seconds: number, reached = nothing): Promise<string> {
  const attacker = await Attacker.join(url);
  const evaluate = async () => {
    reached();
    const until = Date.now() + 1000 * seconds;
    for (let id = 0; Date.now() < until; id++) {
      attacker.say({ type: 'query', id, ...batch(1, 0.1) });
      await attacker.until('prediction');
      await pause(0.4);
    }
  };
  return playAlong(attacker, { samples: 16, testSamples: 4, evaluate });
}

export const moreQuestions: Attack = {
  name: 'more-questions',
  promise: 'a client asks about no more test samples than it said it has',
  flags: ['--clients', '2', '--epochs', '20'],
  client: (url, reached) => many(url, 2, reached),
  run: async () => {
    const run = (times: number) =>
      against(moreQuestions.flags, async (server) => {
        const [end] = await Promise.all([many(server.url, times), honest(server.url, 40)]);
        return { end, accuracy: (await server.outcome(10))?.testAccuracy ?? NaN };
      });
    const [usual, asked] = [await run(1), await run(1000)];
    const what = `4 test samples, asked about 4000: testAccuracy ${asked.accuracy}, without ${usual.accuracy}; ${asked.end}`;
    return [holds(asked.end !== 'finished' || Math.abs(asked.accuracy - usual.accuracy) <= 0.2, what)];
  },
};

export const hugeQuestion: Attack = {
  name: 'huge-question',
  promise: 'a prediction that is not finite is refused, and counts for nothing',
  flags: ['--clients', '2', '--epochs', '12'],
  client: (url, reached) => huge(url, 3e38, reached),
  run: async () => {
    const run = (flags: readonly string[]) =>
      against([...hugeQuestion.flags, ...flags], async (server) => {
        const [end] = await Promise.all([huge(server.url, 3e38), honest(server.url, 30)]);
        return { end, outcome: await server.outcome(10) };
      });
    const [early, late] = [await run(['--patience', '1']), await run([])];
    const { steps, stopped } = early.outcome ?? {};
    const findings: Finding[] = [
      holds(stopped !== 'patience', `one question of 3e38 with --patience 1: ${steps} steps, ${stopped}; ${early.end}`),
      holds(late.outcome?.testLoss != null, `at the end: testLoss ${late.outcome?.testLoss}; ${late.end}`),
    ];
    return findings;
  },
};

export const endlessEvaluation: Attack = {
  name: 'endless-evaluation',
  promise: 'with --deadline nobody is waited for without end, also in an evaluation',
  flags: ['--clients', '2', '--epochs', '1', '--deadline', '1'],
  client: (url, reached) => endless(url, 1, reached),
  run: () =>
    against(endlessEvaluation.flags, async ({ url }) => {
      void endless(url, 20);
      const end = await honest(url, 15);
      return [holds(end === 'finished', `a question every 400 ms about 4 test samples: the honest client ${end}`)];
    }),
};
