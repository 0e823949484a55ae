import { channelsOf } from '../../shared/data/image-set.js';
import { TandemError } from '../../shared/errors.js';
import type { ImageSize } from './gathered-images.js';

/** Larger than any model's input here, and little enough for an old phone. */
const WANTED = { facingMode: 'environment', width: { ideal: 640 }, height: { ideal: 480 } };

/** What a person reads where the browser gives no camera; `name` is that of the browser's error. */
export function cameraTrouble(name: string): TandemError {
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return new TandemError(
        'MISSING',
        'this page may not use the camera',
        'allow it in the settings of your browser for this page, then choose the camera again',
      );
    case 'NotFoundError':
    case 'OverconstrainedError':
      return new TandemError('MISSING', 'there is no camera on this device', 'connect one, or use other data');
    case 'NotReadableError':
    case 'AbortError':
      return new TandemError('MISSING', 'another program uses the camera', 'close it, then choose the camera again');
    default:
      return new TandemError('MISSING', `the camera does not start (${name})`, 'use other data');
  }
}

/** The device's camera, shown in a video element; frames stay in the page. */
export class Camera {
  private stream: MediaStream | undefined;
  private isWanted = false;

  constructor(private readonly video: HTMLVideoElement) {}

  /** Asks the person for the camera; answers whether it is on, which it is not if it was stopped meanwhile. Throws MISSING with what to do. */
  async start(): Promise<boolean> {
    if (!isSecureContext) {
      const action = 'ask whoever runs the server for a link with https, or use other data';
      throw new TandemError('MISSING', 'browsers give the camera only to pages that come over https', action);
    }
    this.isWanted = true;
    try {
      this.stream ??= await navigator.mediaDevices.getUserMedia({ video: WANTED });
      if (this.isWanted) {
        this.video.srcObject = this.stream;
        await this.video.play();
      } else this.stop();
      return this.isWanted;
    } catch (error) {
      this.stop();
      throw cameraTrouble(error instanceof Error ? error.name : String(error));
    }
  }

  /** Turns it off, and its light. */
  stop(): void {
    this.isWanted = false;
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = undefined;
    this.video.srcObject = null;
  }

  /** What it sees now, cut to the right proportions around the middle: bytes of [height, width, channels]. */
  frame([height, width, channels]: ImageSize): Uint8Array {
    const { video } = this;
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (!context) throw new TandemError('MISSING', 'this browser has no canvas', 'use a newer one');
    const scale = Math.min(video.videoWidth / width, video.videoHeight / height);
    const [w, h] = [width * scale, height * scale];
    context.imageSmoothingQuality = 'high';
    context.drawImage(video, (video.videoWidth - w) / 2, (video.videoHeight - h) / 2, w, h, 0, 0, width, height);
    return channelsOf(context.getImageData(0, 0, width, height).data, channels);
  }
}
