import { LinkFault, type LinkFaultName } from '../link-faults.js';

/** The table's reasons by the codes of Node's and OpenSSL's errors. */
const byCode: Readonly<Record<string, LinkFaultName>> = {
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'silent',
  EHOSTUNREACH: 'noWay',
  ENETUNREACH: 'noWay',
  ENETDOWN: 'noWay',
  EADDRNOTAVAIL: 'noWay',
  EAI_AGAIN: 'noLookup',
  ENOTFOUND: 'noName',
  EAI_NONAME: 'noName',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'chain',
  UNABLE_TO_GET_ISSUER_CERT: 'chain',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'chain',
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'notYetValid',
  ERR_TLS_CERT_ALTNAME_INVALID: 'wrongName',
  HOSTNAME_MISMATCH: 'wrongName',
  ERR_SSL_WRONG_VERSION_NUMBER: 'noTls',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'noTls',
  ERR_SSL_UNKNOWN_PROTOCOL: 'noTls',
  ERR_SSL_HTTP_REQUEST: 'noTls',
};

/** What a failed request or handshake means. */
export function faultOfError(
  url: string,
  error: Error & { readonly code?: string; readonly reason?: string },
): LinkFault {
  const { code = '', message } = error;
  const known = byCode[code];
  if (known) return new LinkFault(known, url, known === 'wrongName' ? (error.reason ?? code) : code);
  // Older versions of Node say no more than EPROTO.
  if (/wrong version number|packet length too long|http request/.test(message))
    return new LinkFault('noTls', url, code);
  // OpenSSL has about a hundred ways to say that it does not trust a certificate.
  if (/CERT|SIGNED|ISSUER|CRL|CA_|_CA/.test(code)) return new LinkFault('untrusted', url, code);
  if (/^(ERR_SSL|ERR_TLS|EPROTO)/.test(code)) return new LinkFault('noCommonTls', url, code);
  // Bytes that are no HTTP.
  if (code.startsWith('HPE_')) return new LinkFault('notTandem', url, 'its answer is no HTTP');
  if (/timed out|no answer within/.test(message)) return new LinkFault('silent', url, message.toLowerCase());
  if (/socket hang up|aborted|prematurely/.test(message)) return new LinkFault('reset', url);
  return new LinkFault('refused', url);
}
