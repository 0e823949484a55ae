import { VERSION } from '../../shared/version.js';

/** The software here, for the server's log. */
export function softwareHere(): string {
  return `Tandem ${VERSION}, Node ${process.versions.node} on ${process.platform} ${process.arch}`;
}
