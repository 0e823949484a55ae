import { describe, expect, it } from 'vitest';
import { stepByStep } from '../../shared/protocol/pace.js';
import type { Message } from '../../shared/protocol/messages.js';
import { goldenMessages } from '../protocol/golden-messages.js';
import { ClientDriver } from './client-driver.js';
import { query } from './drive.js';

const welcome: Message<'welcome'> = {
  ...(Object.values(goldenMessages).find(({ type }) => type === 'welcome') as Message<'welcome'>),
  batch: 5,
};
const finished: Message<'finished'> = { type: 'finished', steps: 3, samples: 9, testAccuracy: null, testLoss: null };

/** A party with 8 rows to predict, which are two questions, and no test samples. */
class Session extends ClientDriver {
  constructor() {
    super();
    const sizes = { samples: 37, testSamples: 0, toPredict: 8 };
    this.receive(welcome).do({ kind: 'model-opened', ...sizes, holds: 'bottom', pace: stepByStep });
  }

  asked(batch: number): this {
    return this.do({ kind: 'query', message: query(batch) });
  }

  get kinds(): string[] {
    return this.effects.map((effect) => (effect.kind === 'send' ? effect.message.type : effect.kind));
  }
}

const evaluate: Message<'evaluate'> = { type: 'evaluate', round: 4, toPredict: true };
const prediction = (id: number): Message<'prediction'> => ({ type: 'prediction', id, loss: null, tensors: [] });

function predicted(): Session {
  const session = new Session().receive(evaluate).asked(0).receive(prediction(0)).do({ kind: 'kept' });
  return session.asked(1).receive(prediction(1)).do({ kind: 'kept' });
}

describe('rows to predict, at a client', () => {
  it('are told in `ready`, and asked about once the server says so', () => {
    const session = new Session();
    expect(session.effects).toMatchObject([{ kind: 'send', message: { type: 'ready', testSamples: 0, toPredict: 8 } }]);
    expect(session.receive({ type: 'evaluate', round: 3 }).kinds).toEqual(['evaluated']);
    expect(session.receive(evaluate).effects).toEqual([{ kind: 'query', batch: 0, toPredict: true }]);
    expect(session.asked(0).receive(prediction(0)).effects).toEqual([{ kind: 'keep', message: prediction(0) }]);
    expect(session.do({ kind: 'kept' }).effects).toEqual([{ kind: 'query', batch: 1, toPredict: true }]);
  });

  it('are given to whoever asked before the server hears that they came, and not again at the end', () => {
    const session = predicted();
    expect(session.kinds).toEqual(['give-predictions', 'evaluated']);
    // From a checkpoint of now on there are none to give, and the file that has them stays as it is.
    expect(session.receive(finished).kinds).toEqual(['finish']);
  });

  it.each([
    ['before any were asked about', () => new Session()],
    [
      'between two questions',
      () => new Session().receive(evaluate).asked(0).receive(prediction(0)).do({ kind: 'kept' }),
    ],
    ['while one is under way', () => new Session().receive(evaluate).asked(0)],
  ])('are given as far as they came when the run ends %s', (_when, session) => {
    expect(session().receive(finished).kinds).toEqual(['give-predictions', 'finish']);
  });

  it('are asked about once', () => {
    expect(predicted().receive(evaluate).effects).toMatchObject([{ kind: 'fail', error: { code: 'BAD_STATE' } }]);
  });
});
