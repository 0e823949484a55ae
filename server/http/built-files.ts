import { fileURLToPath } from 'node:url';

/** Where `npm run build` puts everything: above the built server, or beside the folders where the source itself runs. */
const DIST = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../../dist/' : '../../', import.meta.url));

/** A file or folder of the build. */
export function built(path: string): string {
  return DIST + path;
}

/** Whether bundling named a file, and `npm pack` may have left it compressed beside it. */
export function isBuilt(file: string): boolean {
  return file.startsWith(DIST);
}
