import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, start, type Workplace } from './workplace.js';

/** To a browser it is another machine, to which it shows only what it shows over plain http. */
export const NEIGHBOUR = 'lan.test';

export interface OpenRun {
  readonly port: number;
  /** Where a browser finds it at another port, such as that of a wire in between. */
  readonly url: (port?: number) => string;
  /** Flags with which the browser takes the address for what it is not: a name of another machine, a certificate that is known. */
  readonly flags: readonly string[];
  close(): Promise<void>;
}

const [certificate, key] = ['cert', 'key'].map((name) => join(root, `test/vectors/loopback-${name}.pem`)) as [
  string,
  string,
];

/** A run for one tab, by the command installed in a folder, over plain http as another machine sees it, or over https. */
export async function openRun(place: Workplace, folder: string, port: number, isSecure: boolean): Promise<OpenRun> {
  const network = isSecure ? ['--tls-cert', certificate, '--tls-key', key] : ['--host-name', NEIGHBOUR];
  const run = ['--task', 'mnist', '--clients', '1', '--steps', '20', '--offer-data', place.digits];
  const command = [join(folder, 'node_modules/.bin/tandem'), 'serve', ...run, '--port', String(port), ...network];
  const server = await start(place, folder, command, /\/join/);
  return {
    port,
    url: (at = port) => (isSecure ? `https://127.0.0.1:${at}` : `http://${NEIGHBOUR}:${at}`),
    flags: isSecure
      ? [`--ignore-certificate-errors-spki-list=${keyHash()}`]
      : [`--host-resolver-rules=MAP ${NEIGHBOUR} 127.0.0.1`],
    close: () => server.close(),
  };
}

function keyHash(): string {
  const { publicKey } = new X509Certificate(readFileSync(certificate));
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64');
}
