import { expect, it } from 'vitest';
import { addressAfter } from '../../client/server-address.js';

it.each([
  ['wss://one.example/runs', 'wss://two.example:8443/runs'],
  ['ws://127.0.0.1:8080', 'ws://127.0.0.1:8081'],
  ['ws://127.0.0.1:8080', 'wss://two.example'],
])('a client of %s goes on at %s, where its server sends it', (url, told) => {
  expect(addressAfter(url, told)).toBe(told);
});

it.each([
  ['wss://one.example', 'ws://one.example'],
  ['wss://one.example', 'ws://127.0.0.1:22'],
  ['ws://127.0.0.1:8080', 'http://169.254.169.254/latest'],
  ['ws://127.0.0.1:8080', 'file:///etc/passwd'],
  ['ws://127.0.0.1:8080', 'ws://user:secret@two.example'],
  ['ws://127.0.0.1:8080', 'ws://two.example:99999'],
  ['ws://127.0.0.1:8080', '\u001b[2J'],
  ['ws://127.0.0.1:8080', ''],
  ['ws://127.0.0.1:8080', null],
])('a client of %s does not go on at %j', (url, told) => {
  expect(addressAfter(url, told)).toBe(url);
});
