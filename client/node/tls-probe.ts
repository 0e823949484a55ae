import { connect } from 'node:tls';
import { LinkFault } from '../link-faults.js';

const PATIENCE_MS = 2_000;

/** What a plain request without a sensible answer means, once it is known whether the port takes TLS only. */
export async function probedFault(
  url: string,
  error: Error & { readonly code?: string },
  fault: LinkFault,
): Promise<LinkFault> {
  const { protocol, hostname, port } = new URL(url);
  const isPlain = protocol === 'ws:' || protocol === 'http:';
  // What TLS answers to a plain request is an alert, which is no HTTP, or nothing but the end.
  const mayBeTls = fault.fault === 'reset' || error.code?.startsWith('HPE_');
  if (!isPlain || !mayBeTls) return fault;
  return (await speaksTls(hostname.replace(/^\[|\]$/g, ''), Number(port || 80)))
    ? new LinkFault('needsTls', url)
    : fault;
}

function speaksTls(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    // Whose certificate it is does not matter: nothing is sent.
    const socket = connect({ host, port, rejectUnauthorized: false, timeout: PATIENCE_MS });
    const end = (speaks: boolean) => {
      socket.destroy();
      resolve(speaks);
    };
    socket.once('secureConnect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
  });
}
