import { VERSION } from '../../shared/version.js';

/** Browsers that also call themselves by the name of another come before it. */
const browsers = [
  ['Edge', /Edg\/(\d+)/],
  ['Firefox', /Firefox\/(\d+)/],
  ['Chrome', /Chrom(?:e|ium)\/(\d+)/],
  ['Safari', /Version\/(\d+).*Safari/],
] as const;

/** The browser by name and version, for the server's log, and nothing else of its user agent. */
export function softwareHere(userAgent = navigator.userAgent): string {
  const found = browsers.find(([, pattern]) => pattern.test(userAgent));
  if (!found) return `Tandem ${VERSION}, a browser`;
  const [name, pattern] = found;
  return `Tandem ${VERSION}, ${name} ${pattern.exec(userAgent)?.[1] ?? ''}`;
}
