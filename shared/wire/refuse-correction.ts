import { TandemError } from '../errors.js';
import { codecRegistry } from './codec-registry.js';
import { ownCodecs, type CodecChoices } from './codecs-of.js';

/** Whose tensors come back as gradients to whoever sent them. */
interface GradientsBack {
  /** Of what clients send. */
  readonly up: boolean;
  /** Of what they get. */
  readonly down: boolean;
}

/** Throws BAD_OPTION where a codec is to correct gradients of tensors that no gradient comes back for. */
export function refuseIdleCorrection(choices: CodecChoices, { up, down }: GradientsBack): void {
  const registry = codecRegistry(ownCodecs(choices));
  const refuse = (option: string, choice: CodecChoices['codecUp'], why: string) => {
    if (choice === undefined) return;
    const { name, correction = 0 } = typeof choice === 'object' ? choice : registry.find(choice);
    if (correction === 0) return;
    const what = `${option} = ${name} corrects gradients, and ${why}, so it would change nothing`;
    throw new TandemError('BAD_OPTION', what, 'leave correct out of it, or give that codec another way');
  };
  refuse('codecWeights', choices.codecWeights, 'none comes back for weights');
  if (!up) refuse('codecUp', choices.codecUp, 'here none comes back for smashed data');
  if (!down)
    refuse('codecDown', choices.codecDown, 'only under a U-shaped topology does one come back for what clients get');
}
