import { VERSION } from '../../shared/version.js';

/** What runs here, for the log of whoever runs the server. */
export function softwareHere(): string {
  return `Tandem ${VERSION}, Node ${process.versions.node} on ${process.platform} ${process.arch}`;
}
