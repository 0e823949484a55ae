import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { TrustedProxies } from '../../server/http/trusted-proxies.js';

const [HOME, PROXY, SECOND, STRANGER] = ['127.0.0.1', '10.2.0.7', '10.2.0.8', '203.0.113.9'];

function request(remoteAddress: string, headers: Record<string, string> = {}, localAddress = '10.9.9.9') {
  return { socket: { remoteAddress, localAddress }, headers } as unknown as IncomingMessage;
}
const addressOf = (proxies: TrustedProxies, peer: string, forwarded: string, local?: string) =>
  proxies.read(request(peer, { 'x-forwarded-for': forwarded }, local)).address;

describe('where a request comes from', () => {
  it('a proxy on this machine is believed about it where it is trusted, and no other', () => {
    const here = new TrustedProxies(true);
    expect(addressOf(here, HOME, `8.8.8.8, ${STRANGER}`)).toBe(STRANGER);
    expect(addressOf(here, '::ffff:127.0.0.1', STRANGER)).toBe(STRANGER);
    // It reaches the server by the address that the server has itself.
    expect(addressOf(here, PROXY, STRANGER, PROXY)).toBe(STRANGER);
    expect(addressOf(here, PROXY, STRANGER)).toBe(PROXY);
    expect(addressOf(new TrustedProxies(), HOME, STRANGER)).toBe(HOME);
    expect(addressOf(here, HOME, 'made up')).toBe(HOME);
    expect(here.read(request(HOME)).address).toBe(HOME);
  });

  it.each([
    ['an address', '10.2.0.7'],
    ['several', `192.0.2.1, 10.2.0.7`],
    ['a range', '10.0.0.0/8'],
    ['a list', ['192.0.2.1', '10.2.0.0/29']],
  ])('a proxy that is named by %s is believed, from here and as an address of IPv6', (_how, trusted) => {
    const named = new TrustedProxies(trusted);
    expect(addressOf(named, PROXY, STRANGER)).toBe(STRANGER);
    expect(addressOf(named, `::ffff:${PROXY}`, STRANGER)).toBe(STRANGER);
    expect(addressOf(named, '11.2.0.7', STRANGER)).toBe('11.2.0.7');
    expect(addressOf(named, HOME, STRANGER)).toBe(HOME);
  });

  it('proxies of IPv6 are believed by address and range, wherever the zone', () => {
    const named = new TrustedProxies('fd00::/8,fe80::5');
    expect(addressOf(named, 'fd12:3::9', '2001:db8::1')).toBe('2001:db8::1');
    expect(addressOf(named, 'fe80::5%eth0', '2001:db8::1')).toBe('2001:db8::1');
    expect(addressOf(named, 'fe80::6', '2001:db8::1')).toBe('fe80::6');
  });

  it('is found from the right, over proxies that are believed, and never from what the client made up', () => {
    const named = new TrustedProxies('10.2.0.0/16');
    expect(addressOf(named, PROXY, `1.1.1.1, ${STRANGER}, ${SECOND}`)).toBe(STRANGER);
    expect(addressOf(named, PROXY, `${STRANGER}, nonsense, ${SECOND}`)).toBe(SECOND);
    expect(addressOf(named, PROXY, `1.1.1.1, ${STRANGER}:51234`)).toBe(STRANGER);
    expect(addressOf(named, PROXY, `1.1.1.1, [2001:db8::7]:443`)).toBe('2001:db8::7');
    expect(addressOf(named, PROXY, `${SECOND},`)).toBe(SECOND);
  });

  it('is said with the host and the protocol that were asked for, by who is believed', () => {
    const headers = { 'x-forwarded-host': 'made.up, train.test', 'x-forwarded-proto': 'https' };
    const named = new TrustedProxies(PROXY);
    expect(named.read(request(PROXY, headers))).toMatchObject({ forwardedHost: 'train.test', isSecure: true });
    expect(named.read(request(SECOND, headers))).toMatchObject({ forwardedHost: undefined, isSecure: false });
  });

  it.each(['nginx', '10.0.0.0/33', '10.0.0/8', 'fd00::/129', '10.0.0.0/8/8', '', '10.0.0.0/', '10.0.0.1-10.0.0.9'])(
    'a list with %j is refused with what to write',
    (trusted) => {
      expect(() => new TrustedProxies(trusted)).toThrow(/is neither an address nor a range/);
    },
  );
});

describe('a proxy that is not believed', () => {
  it.each<[string, boolean | string, string, string]>([
    ['beside the server, without the flag', false, HOME, '--trust-proxy'],
    ['elsewhere, without the flag', false, `::ffff:${PROXY}`, '--trust-proxy 10.2.0.7'],
    ['elsewhere, with the flag alone', true, PROXY, '--trust-proxy 10.2.0.7'],
    ['outside the list', '192.0.2.0/24', 'fd00::9', '--trust-proxy fd00::9'],
  ])('%s is told of once, with what to write', (_where, trusted, peer, flag) => {
    const said: string[] = [];
    const proxies = new TrustedProxies(trusted, (message) => said.push(message));
    proxies.read(request(peer));
    expect(said).toEqual([]);
    for (let times = 0; times < 3; times++) addressOf(proxies, peer, STRANGER);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/is not believed/);
    expect(said[0]?.endsWith(`start with ${flag}`)).toBe(true);
  });
});
