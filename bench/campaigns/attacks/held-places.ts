import { holds, type Attack } from './attack.js';
import { against, honest, pause } from './attacked-server.js';
import { Attacker } from './attacker.js';

async function hold(url: string, count: number, role: 'train' | 'infer'): Promise<Attacker[]> {
  return Promise.all(Array.from({ length: count }, () => Attacker.join(url, role)));
}

export const heldPlaces: Attack = {
  name: 'held-places',
  promise: 'a place is held by whoever is ready for it, not by a hello',
  flags: ['--clients', '2', '--epochs', '1', '--deadline', '2'],
  client: (url, reached) => hold(url, 1, 'train').then(reached),
  run: () =>
    against(heldPlaces.flags, async ({ url }) => {
      await hold(url, 2, 'train');
      await pause(20);
      const end = await honest(url, 5);
      return [holds(!end.startsWith('RUN_FULL'), `two hellos, 20 s later: an honest client ${end}`)];
    }),
};

export const heldPredictions: Attack = {
  name: 'held-predictions',
  promise: 'a link that asks for nothing makes way for one that does',
  flags: ['--clients', '1', '--max-inferring', '4'],
  client: (url, reached) => hold(url, 1, 'infer').then(reached),
  run: () =>
    against(heldPredictions.flags, async ({ url }) => {
      await hold(url, 4, 'infer');
      await pause(25);
      const end = await Attacker.join(url, 'infer').then(
        () => 'gets in',
        (error: unknown) => String(error),
      );
      return [holds(end === 'gets in', `four silent links, 25 s later: an honest one ${end}`)];
    }),
};
