import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { forLan, trustLines } from '../../cli/lan/for-lan.js';
import { lanCertificate, lanNames } from '../../cli/lan/lan-certificate.js';
import { GOOD_FOR_DAYS } from '../../cli/lan/make-certificate.js';
import { serve } from '../../server/serve.js';
import { tinyTask } from '../helpers/tiny-task.js';

const DAY_MS = 86_400_000;
const ADDRESS = '192.168.77.5';
const newFolder = async () => join(await mkdtemp(join(tmpdir(), 'tandem-lan-')), 'lan');

/** What a client hears that trusts this certificate and calls the server by a name. */
function fetchTrusting(ca: Buffer, port: number, path: string, servername: string) {
  return new Promise<{ status: number; type: string; body: string }>((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, ca, servername, headers: { host: servername } }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text: string) => (body += text));
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, type: String(answer.headers['content-type']), body }),
      );
    }).on('error', reject);
  });
}

describe('a server for the devices of one network', () => {
  it('has a certificate for its names and addresses that a device can be told to trust', async () => {
    const names = lanNames([ADDRESS], 'Anna-Laptop.home');
    expect(names).toEqual(['anna-laptop.local', 'anna-laptop', 'anna-laptop.home', 'localhost', ADDRESS, '127.0.0.1']);
    const { tlsCert, tlsKey } = await lanCertificate(await newFolder(), names);
    const pem = await readFile(tlsCert);
    const certificate = new X509Certificate(pem);
    expect(certificate.checkIP(ADDRESS)).toBe(ADDRESS);
    expect(certificate.checkHost('anna-laptop.local')).toBe('anna-laptop.local');
    expect(certificate.verify(certificate.publicKey), 'vouches for itself').toBe(true);
    expect(certificate.ca).toBe(true);
    expect((Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / DAY_MS).toBeLessThan(398);
    expect((await stat(tlsKey)).mode & 0o077, 'nobody else reads the key').toBe(0);

    const server = await serve({ task: tinyTask, engine: 'tfjs', tlsCert, tlsKey, showCertificate: true });
    server.finished.catch(() => undefined);
    expect(await fetchTrusting(pem, server.port, '/certificate/tandem.crt', 'localhost')).toEqual({
      status: 200,
      type: 'application/x-x509-ca-cert',
      body: pem.toString(),
    });
    expect((await fetchTrusting(pem, server.port, '/certificate/tandem.key', 'localhost')).status).not.toBe(200);
    await expect(fetchTrusting(pem, server.port, '/', 'elsewhere.example')).rejects.toThrow(/altnames/);
    await server.close();
  });

  it('keeps the certificate while it is good, and makes another one when it is not', async () => {
    const [folder, names] = [await newFolder(), lanNames([ADDRESS], 'one')];
    const start = Date.UTC(2026, 1, 3);
    expect((await lanCertificate(folder, names, start)).isNew).toBe(true);
    expect((await lanCertificate(folder, names, start + 100 * DAY_MS)).isNew).toBe(false);
    expect((await lanCertificate(folder, lanNames(['10.0.0.9'], 'one'), start)).isNew, 'another address').toBe(true);
    expect((await lanCertificate(folder, lanNames(['10.0.0.9'], 'two'), start)).isNew, 'another name').toBe(true);
    const late = start + (GOOD_FOR_DAYS - 3) * DAY_MS;
    expect((await lanCertificate(folder, lanNames(['10.0.0.9'], 'two'), late)).isNew, 'near its end').toBe(true);
    await writeFile(join(folder, 'tandem.crt'), 'no certificate');
    expect((await lanCertificate(folder, names, start)).isNew, 'damaged').toBe(true);
  });

  it('lets in who has the link, on all addresses, and leaves what was given as it is', async () => {
    const folder = await newFolder();
    const plain = { host: '127.0.0.1', inviteLink: false };
    const chosen = await forLan(plain, folder, [ADDRESS]);
    expect(chosen).toMatchObject({ host: '0.0.0.0', inviteLink: true, showCertificate: true });
    expect(chosen.entry).toMatch(/tandem-entry-/);
    const given = { host: '10.1.2.3', inviteLink: false, tlsCert: 'a.pem', tlsKey: 'b.pem', insecure: true };
    expect(await forLan(given, folder, [ADDRESS])).toEqual({ ...given, showCertificate: false });
    expect(trustLines('https://192.168.77.5:8080/join', chosen.tlsCert ?? '').join(' ')).toContain(
      'https://192.168.77.5:8080/certificate/tandem.crt',
    );
  });
});
