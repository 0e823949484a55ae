import { sortOutFiles, type FileKind, type FoundFiles } from './class-files.js';

export const SOUNDS: FileKind = {
  read: /\.wav$/i,
  unread: /\.(mp3|ogg|oga|opus|flac|m4a|aac|wma|aiff?|au|webm|weba|amr|caf|mid)$/i,
  whyUnread: 'is a sound that is no .wav',
  instead: 'convert it (ffmpeg -i in.mp3 out.wav), or move it elsewhere',
  wanted: '.wav files',
  one: 'sound',
};

/** Sorts out a folder of sounds. */
export function sortOutSounds(paths: readonly string[], source: string, skips = false): FoundFiles {
  return sortOutFiles(paths, source, SOUNDS, skips);
}
