/** A pad to draw on by finger, mouse or keys: light on dark, as handwritten digits are stored. */
const SIZE = 280;
const PEN = 22;
const STEP = 10;
/** Digits of MNIST fill 20 of 28 pixels and have their centre of mass in the middle (LeCun et al., 1998). */
const FILL = 20 / 28;

export class DrawPad {
  private readonly canvas = document.createElement('canvas');
  private readonly context: CanvasRenderingContext2D;
  private pen = { x: SIZE / 2, y: SIZE / 2, isDown: false };
  private hasInk = false;

  constructor(place: HTMLElement) {
    const { canvas } = this;
    canvas.width = canvas.height = SIZE;
    canvas.className = 'pad';
    canvas.tabIndex = 0;
    canvas.setAttribute('role', 'application');
    canvas.setAttribute('aria-label', 'Drawing pad. Arrow keys move the pen, the space bar puts it down and lifts it.');
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (!context) throw new Error('this browser has no canvas');
    this.context = context;
    canvas.addEventListener('pointerdown', this.press);
    canvas.addEventListener('pointermove', this.move);
    canvas.addEventListener('pointerup', () => (this.pen.isDown = false));
    canvas.addEventListener('pointercancel', () => (this.pen.isDown = false));
    canvas.addEventListener('keydown', this.key);
    place.append(canvas);
    this.wipe();
  }

  get isEmpty(): boolean {
    return !this.hasInk;
  }

  wipe(): void {
    this.context.fillStyle = '#000';
    this.context.fillRect(0, 0, SIZE, SIZE);
    this.pen = { x: SIZE / 2, y: SIZE / 2, isDown: false };
    this.hasInk = false;
  }

  /** What is drawn as an image [height, width, channels] of bytes, brought to the size and the middle. */
  pixels([height, width, channels]: readonly [number, number, number]): Uint8Array {
    const small = document.createElement('canvas');
    small.width = width;
    small.height = height;
    const context = small.getContext('2d', { willReadFrequently: true });
    if (!context) throw new Error('this browser has no canvas');
    const { left, top, size, massX, massY } = this.extent();
    const scale = (FILL * Math.min(width, height)) / size;
    context.fillStyle = '#000';
    context.fillRect(0, 0, width, height);
    context.imageSmoothingQuality = 'high';
    context.drawImage(
      this.canvas,
      left,
      top,
      size,
      size,
      width / 2 - scale * (massX - left),
      height / 2 - scale * (massY - top),
      scale * size,
      scale * size,
    );
    const { data } = context.getImageData(0, 0, width, height);
    return Uint8Array.from({ length: width * height * channels }, (_, i) => data[4 * Math.floor(i / channels)] ?? 0);
  }

  /** The square around the ink, and its centre of mass. */
  private extent() {
    const { data } = this.context.getImageData(0, 0, SIZE, SIZE);
    let [left, top, right, bottom, ink, sumX, sumY] = [SIZE, SIZE, 0, 0, 0, 0, 0];
    for (let y = 0; y < SIZE; y += 2) {
      for (let x = 0; x < SIZE; x += 2) {
        const shade = data[4 * (y * SIZE + x)] ?? 0;
        if (shade === 0) continue;
        [left, right] = [Math.min(left, x), Math.max(right, x)];
        [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
        ink += shade;
        sumX += shade * x;
        sumY += shade * y;
      }
    }
    if (ink === 0) return { left: 0, top: 0, size: SIZE, massX: SIZE / 2, massY: SIZE / 2 };
    const size = Math.max(right - left, bottom - top, PEN) + 2;
    return {
      left: (left + right) / 2 - size / 2,
      top: (top + bottom) / 2 - size / 2,
      size,
      massX: sumX / ink,
      massY: sumY / ink,
    };
  }

  private readonly press = (event: PointerEvent): void => {
    this.canvas.setPointerCapture(event.pointerId);
    Object.assign(this.pen, this.placeOf(event), { isDown: true });
    this.line(this.pen.x, this.pen.y);
  };

  private readonly move = (event: PointerEvent): void => {
    if (!this.pen.isDown) return;
    const { x, y } = this.placeOf(event);
    this.line(x, y);
  };

  private readonly key = (event: KeyboardEvent): void => {
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-STEP, 0],
      ArrowRight: [STEP, 0],
      ArrowUp: [0, -STEP],
      ArrowDown: [0, STEP],
    };
    const by = moves[event.key];
    if (event.key !== ' ' && !by) return;
    event.preventDefault();
    if (event.key === ' ') this.pen.isDown = !this.pen.isDown;
    const inside = (value: number) => Math.min(SIZE - PEN, Math.max(PEN, value));
    const [x, y] = [inside(this.pen.x + (by?.[0] ?? 0)), inside(this.pen.y + (by?.[1] ?? 0))];
    if (this.pen.isDown) this.line(x, y);
    else Object.assign(this.pen, { x, y });
  };

  private line(x: number, y: number): void {
    const { context, pen } = this;
    Object.assign(context, { strokeStyle: '#fff', lineWidth: PEN, lineCap: 'round', lineJoin: 'round' });
    context.beginPath();
    context.moveTo(pen.x, pen.y);
    context.lineTo(x, y);
    context.stroke();
    Object.assign(pen, { x, y });
    this.hasInk = true;
  }

  private placeOf({ clientX, clientY }: PointerEvent): { x: number; y: number } {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return { x: ((clientX - left) / width) * SIZE, y: ((clientY - top) / height) * SIZE };
  }
}
