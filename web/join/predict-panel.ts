import type { RunFacts } from '../../client/preview.js';
import { float32, type NdArray } from '../../shared/ndarray.js';
import { imageOf } from './asked-kind.js';
import { DrawPad } from './draw-pad.js';
import { element } from './elements.js';
import { clearTrouble } from './trouble.js';
import { largest } from '../../shared/extremes.js';

/** How likely each class is: a model's outputs of one sample, which are logits or already add up to 1. */
export function chancesOf(outputs: readonly NdArray[]): number[] {
  const values = [...(outputs[0]?.data ?? [])];
  if (values.length === 1) {
    const yes = 1 / (1 + Math.exp(-(values[0] ?? 0)));
    return [1 - yes, yes];
  }
  const sum = values.reduce((total, value) => total + value, 0);
  if (values.every((value) => value >= 0) && Math.abs(sum - 1) < 1e-3) return values;
  const most = largest(values);
  const powers = values.map((value) => Math.exp(value - most));
  const total = powers.reduce((all, value) => all + value, 0);
  return powers.map((value) => value / total);
}

/** Asks the model about a drawing, which stays here. */
export function openPredictPanel(
  predict: (inputs: readonly NdArray[]) => Promise<readonly NdArray[]>,
  facts: RunFacts,
  onTrouble: (error: unknown) => void,
): void {
  const image = imageOf(facts);
  const section = element('predict', HTMLElement);
  if (!image || !section.hidden) return;
  section.hidden = false;
  element('predict-what', HTMLSpanElement).textContent = known(facts);
  // It is below, out of sight of a phone.
  element('try-next', HTMLParagraphElement).hidden = false;
  element('go-try', HTMLButtonElement).addEventListener('click', goToPredictPanel);
  if (facts.sends === 'weights') element('predict-where', HTMLSpanElement).textContent = 'the whole model runs here';
  const pad = new DrawPad(element('predict-pad', HTMLDivElement));
  const ask = element('ask', HTMLButtonElement);
  element('predict-wipe', HTMLButtonElement).addEventListener('click', () => pad.wipe());
  ask.addEventListener('click', () => {
    if (pad.isEmpty) return;
    const pixels = Float32Array.from(pad.pixels(image), (byte) => byte / 255);
    ask.disabled = true;
    clearTrouble('predict');
    predict([float32([1, ...image], pixels)])
      .then((outputs) => showAnswer(outputs, facts), onTrouble)
      .finally(() => (ask.disabled = false));
  });
}

export function goToPredictPanel(): void {
  element('predict-title', HTMLHeadingElement).scrollIntoView({ block: 'start' });
}

/** What the model tells apart, by the names of the task. */
function known({ labels: [label] }: RunFacts): string {
  return label?.max === undefined ? '' : ` (${label.name} 0 to ${label.max})`;
}

/** Chances of classes where labels are classes; of numbers the numbers. */
function showAnswer(outputs: readonly NdArray[], { labels: [label] }: RunFacts): void {
  if (label?.kind !== 'number') return showChances(chancesOf(outputs));
  const values = [...(outputs[0]?.data ?? [])].map((value) => String(Number(value.toPrecision(4))));
  element('answer', HTMLParagraphElement).textContent = `The model says ${values.join(', ')}`;
  element('chances', HTMLUListElement).replaceChildren();
}

function showChances(chances: readonly number[]): void {
  const best = chances.indexOf(largest(chances));
  element('answer', HTMLParagraphElement).textContent = `Most likely a ${best}`;
  element('chances', HTMLUListElement).replaceChildren(
    ...chances.map((chance, label) => {
      const [item, name, meter, text] = [
        document.createElement('li'),
        document.createElement('span'),
        document.createElement('meter'),
        document.createElement('span'),
      ];
      name.textContent = `${label}`;
      meter.value = chance;
      meter.setAttribute('aria-label', `Chance of ${label}`);
      text.textContent = `${(100 * chance).toFixed(1)} %`;
      item.append(name, meter, text);
      return item;
    }),
  );
}
