import { logMel, type LogMelOptions } from '../data/log-mel.js';
import { resampled, type Sound } from '../data/wav.js';
import type { SoundPreparation } from './preparation.js';

/** The energies of a sound's bands over time, [frames, bands], as they are. */
export function soundEnergies(sound: Sound, how: LogMelOptions): Float32Array {
  return logMel(resampled(sound, how.samplesPerSecond), how);
}

/** Energies of any number of sounds as the model takes them, standardised band by band. */
export function standardisedEnergies(
  energies: Float32Array,
  { bands, means, deviations }: Pick<SoundPreparation, 'bands' | 'means' | 'deviations'>,
): Float32Array {
  return energies.map((value, i) => (value - (means[i % bands] ?? 0)) / (deviations[i % bands] ?? 1));
}
