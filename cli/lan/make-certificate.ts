import { generateKeyPair, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { promisify } from 'node:util';

/** Phones take certificates that somebody trusts by hand for at most 825 days; a term is enough for a class. */
export const GOOD_FOR_DAYS = 180;
const DAY_MS = 24 * 60 * 60 * 1000;

export interface MadeCertificate {
  readonly cert: string;
  readonly key: string;
}

/**
 * A certificate in PEM that vouches for itself, for a server that goes by these names and addresses, good from a day before `nowMs`:
 * clocks of phones differ.
 */
export async function makeCertificate(names: readonly string[], nowMs = Date.now()): Promise<MadeCertificate> {
  const { default: forge } = await import('node-forge');
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  // A positive number of 16 bytes, another one for each certificate.
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
  certificate.validity.notBefore = new Date(nowMs - DAY_MS);
  certificate.validity.notAfter = new Date(nowMs + GOOD_FOR_DAYS * DAY_MS);
  const self = [{ name: 'commonName', value: `Tandem on ${names[0] ?? 'this machine'}` }];
  certificate.setSubject(self);
  certificate.setIssuer(self);
  certificate.setExtensions([
    // An iPhone trusts by hand only what may vouch for certificates; this one can for no other machine's, since its key stays here.
    { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, keyCertSign: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true },
    {
      name: 'subjectAltName',
      altNames: names.map((name) => (isIP(name) ? { type: 7, ip: name } : { type: 2, value: name })),
    },
    { name: 'subjectKeyIdentifier' },
  ]);
  certificate.sign(forge.pki.privateKeyFromPem(privateKey), forge.md.sha256.create());
  return { cert: forge.pki.certificateToPem(certificate), key: privateKey };
}
