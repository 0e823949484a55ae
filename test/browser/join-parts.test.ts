import { describe, expect, it } from 'vitest';
import { PauseGate } from '../../client/browser/worker/pause-gate.js';
import { chooseEngine } from '../../shared/engine/choose-engine.js';
import { isRefusalCode, TandemError } from '../../shared/errors.js';
import { refusals } from '../../shared/refusals.js';
import { float32 } from '../../shared/ndarray.js';
import { dashboardLink, joinLink } from '../../cli/join-link.js';
import { addressOf } from '../../web/join/address.js';
import { LossCurve } from '../../web/join/curve.js';
import { inputPicture, smashedPictures } from '../../web/join/pictures.js';
import { shownRows } from '../../web/join/preview-panel.js';
import { chancesOf } from '../../web/join/predict-panel.js';
import { sentenceFor } from '../../web/join/sentences.js';

describe('the link to the join page', () => {
  it('carries invites in its fragment, which the page reads back', () => {
    const link = new URL(joinLink('wss://host.example:9/', { invite: 'a+b/c=', look: 'd&e' }));
    expect(link.href).toMatch(/^https:\/\/host\.example:9\/join#/);
    expect(link.search).toBe('');
    expect(addressOf(new URL('.', link).href, link.hash)).toEqual({
      url: 'wss://host.example:9',
      invite: 'a+b/c=',
      inferInvite: 'd&e',
    });
    expect(addressOf('http://a.test/', '')).toEqual({ url: 'ws://a.test' });
    expect(addressOf('https://a.test/tandem/runs/', '#look=x')).toEqual({
      url: 'wss://a.test/tandem/runs',
      inferInvite: 'x',
    });
  });

  it('names an address that others can reach', () => {
    expect(joinLink('ws://0.0.0.0:8080', undefined, ['192.168.1.5'])).toBe('http://192.168.1.5:8080/join');
    expect(joinLink('ws://127.0.0.1:8080', undefined, ['192.168.1.5'])).toBe('http://127.0.0.1:8080/join');
    expect(['ws://0.0.0.0:8080', 'wss://[::]:1', 'https://a.test/x'].map(dashboardLink)).toEqual([
      'http://127.0.0.1:8080/',
      'https://[::1]:1/',
      'https://a.test/x/',
    ]);
    for (const below of ['https://a.test/tandem/', 'wss://a.test/tandem']) {
      expect(joinLink(below, { invite: 'x', look: 'y' })).toBe('https://a.test/tandem/join#invite=x&look=y');
    }
  });
});

describe('what a person reads', () => {
  it('is a sentence with the code, for every refusal there is', () => {
    for (const code of Object.keys(refusals).filter(isRefusalCode)) {
      const text = sentenceFor(new TandemError(code, 'the thing is wrong'));
      expect(text).toMatch(new RegExp(`^[A-Z].*[.] \\(${code}\\)$`));
    }
    expect(sentenceFor(new Error('odd'))).toMatch(/^Odd\. .*\(INTERNAL\)$/);
  });
});

describe('the pictures of a preview', () => {
  it('show each channel in its place, on one scale a sample', () => {
    // Two samples of 1 x 2 pixels with 2 channels; the second has odd values.
    const smashed = float32([2, 1, 2, 2], [0, 0, 0, 0, -1, 3, 1, 0]);
    const [first, second, ...more] = smashedPictures(smashed, 1);
    expect(more).toEqual([]);
    expect([...(first?.rgba ?? [])]).toEqual([0, 0, 0, 255, 128, 128, 128, 255]);
    expect([...(second?.rgba ?? [])]).toEqual([255, 255, 255, 255, 64, 64, 64, 255]);
  });

  it('show inputs as they are', () => {
    const grey = inputPicture(float32([2, 1, 2, 1], [9, 9, 0.2, 1]), 1);
    expect([...grey.rgba]).toEqual([51, 51, 51, 255, 255, 255, 255, 255]);
    const colour = inputPicture(float32([1, 1, 1, 3], [0.2, 0.4, 0.6]), 0);
    expect([...colour.rgba]).toEqual([51, 102, 153, 255]);
  });

  it('are of samples that are there', () => {
    expect(shownRows(100)).toEqual([0, 50, 99]);
    expect(shownRows(1)).toEqual([0]);
    expect(shownRows(0)).toEqual([]);
  });
});

describe('numbers on the page', () => {
  it('make chances of logits, of probabilities and of one logit', () => {
    expect(chancesOf([float32([1, 2], [1, 1 + Math.log(3)])])[1]).toBeCloseTo(0.75, 5);
    expect(chancesOf([float32([1, 3], [0.2, 0.5, 0.3])])[1]).toBeCloseTo(0.5, 5);
    expect(chancesOf([float32([1, 1], [Math.log(4)])])[1]).toBeCloseTo(0.8, 5);
  });

  it('make a curve that stays short and keeps its mean', () => {
    const curve = new LossCurve();
    const losses = Array.from({ length: 3_200 }, (_, i) => i % 7);
    for (let i = 0; i < losses.length; i += 13) curve.add(losses.slice(i, i + 13));
    expect(curve.points.length).toBeLessThan(400);
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(curve.points)).toBeCloseTo(mean(losses), 1);
  });
});

describe('the gate of a pause', () => {
  it('lets steps begin when it is open, and who leaves go through', async () => {
    const gate = new PauseGate();
    const leaving = new AbortController();
    await gate.opened(leaving.signal);
    gate.set(true);
    const order: string[] = [];
    const first = gate.opened(leaving.signal).then(() => order.push('through'));
    await new Promise((resolve) => setTimeout(resolve, 5));
    order.push('opened');
    gate.set(false);
    await first;
    gate.set(true);
    const second = gate.opened(leaving.signal).then(() => order.push('left'));
    leaving.abort();
    await second;
    expect(order).toEqual(['opened', 'through', 'left']);
  });
});

describe('auto', () => {
  it('says why ONNX Runtime was not used', async () => {
    const { name, notice } = await chooseEngine('auto', { loadOnnx: () => Promise.reject(new Error('no such file')) });
    expect(name).toBe('tfjs');
    expect(notice).toMatch(/^ONNX Runtime does not load \(no such file\); tfjs \(\w+\) is used instead/);
  });
});
