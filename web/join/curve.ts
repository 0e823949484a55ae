import { largest } from '../../shared/extremes.js';
const MOST_POINTS = 400;

/** Losses of a run that may be long: at most so many means, each of as many steps as are needed. */
export class LossCurve {
  private means: number[] = [];
  private stride = 1;
  private sum = 0;
  private count = 0;

  get points(): readonly number[] {
    return this.means;
  }

  add(losses: readonly number[]): void {
    for (const loss of losses) {
      this.sum += loss;
      if (++this.count < this.stride) continue;
      this.means.push(this.sum / this.count);
      [this.sum, this.count] = [0, 0];
      if (this.means.length >= MOST_POINTS) this.halve();
    }
  }

  private halve(): void {
    this.means = Array.from(
      { length: this.means.length / 2 },
      (_, i) => ((this.means[2 * i] ?? 0) + (this.means[2 * i + 1] ?? 0)) / 2,
    );
    this.stride *= 2;
  }
}

/** Draws the curve in the page's colours. */
export function drawCurve(canvas: HTMLCanvasElement, points: readonly number[]): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  const scale = devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
  if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  if (points.length < 2) return;
  const style = getComputedStyle(canvas);
  const most = largest(points);
  const [inset, right] = [8, width - 8];
  const x = (i: number) => inset + ((right - inset) * i) / (points.length - 1);
  const y = (loss: number) => height - 18 - (height - 34) * (most > 0 ? loss / most : 0);
  context.strokeStyle = style.getPropertyValue('--line');
  context.strokeRect(inset, 8, right - inset, height - 26);
  context.strokeStyle = style.getPropertyValue('--accent');
  context.lineWidth = 2;
  context.beginPath();
  points.forEach((loss, i) => context.lineTo(x(i), y(loss)));
  context.stroke();
  context.fillStyle = style.getPropertyValue('--quiet');
  context.font = '12px system-ui, sans-serif';
  context.fillText(`loss, from 0 to ${most.toFixed(2)}`, inset, height - 3);
}
