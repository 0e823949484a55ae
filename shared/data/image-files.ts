import { sortOutFiles, type FileKind, type FoundFiles } from './class-files.js';

/** Where cameras and telephones put all their pictures, whatever is on them. */
const CAMERA = /^(dcim|camera|camera roll|screenshots)$/i;
const CAMERA_CARD = /^\d{3}(?=\d*[A-Z_])[A-Z0-9_]{5}$/;

export const PICTURES: FileKind = {
  read: /\.(png|jpe?g|jpe|jfif)$/i,
  unread: /\.(webp|gif|bmp|heic|heif|tiff?|avif|jxl|jp2|svg|ico|dng|cr2|nef|arw)$/i,
  whyUnread: 'is a picture that is neither PNG nor JPEG',
  instead: 'convert it, or move it elsewhere',
  wanted: '.png, .jpg or .jpeg images',
  one: 'image',
  noClass: {
    is: (folder) => CAMERA.test(folder) || CAMERA_CARD.test(folder),
    why: 'where cameras put pictures of all kinds',
  },
};

/** Sorts out a folder of pictures. */
export function sortOutImages(paths: readonly string[], source: string, skips = false): FoundFiles {
  return sortOutFiles(paths, source, PICTURES, skips);
}

/**
 * Folders that are named by whole numbers have these as labels, so that two people with other classes missing mean the same;
 * undefined where names are words, which then count in their order.
 */
export function numberedLabels(classNames: readonly string[]): ReadonlyMap<string, number> | undefined {
  if (!classNames.every((name) => /^(0|[1-9]\d{0,8})$/.test(name))) return undefined;
  return new Map(classNames.map((name) => [name, Number(name)]));
}
