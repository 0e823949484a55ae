import type { TabClient } from '../../client/browser/tab-client.js';
import type { RunAddress } from '../../client/browser/worker/calls.js';
import type { LayersFiles } from '../../shared/model/layers-format.js';
import type { NdArray } from '../../shared/ndarray.js';
import { bytesText, element } from './elements.js';
import { sentenceFor } from './sentences.js';

/** Where the person takes the merged model, which from then on answers here instead of the split one. */
export class OwnModelPanel {
  private isHere = false;
  private readonly button = element('own-fetch', HTMLButtonElement);
  private readonly status = element('own-status', HTMLParagraphElement);

  constructor(
    private readonly tab: TabClient,
    private readonly address: RunAddress,
  ) {}

  /** Where the run gives its model away. */
  offer(): void {
    const section = element('own', HTMLElement);
    if (!section.hidden) return;
    section.hidden = false;
    element('own-answers', HTMLSpanElement).hidden = !canAsk();
    this.button.addEventListener('click', () => void this.fetch());
  }

  /** The outputs for inputs that stay here: of the model that was fetched, else of the split one. */
  predict(inputs: readonly NdArray[]): Promise<readonly NdArray[]> {
    return this.isHere ? this.tab.predictHere(inputs) : this.tab.predict(this.address, inputs);
  }

  private async fetch(): Promise<void> {
    this.button.disabled = true;
    this.status.textContent = 'Fetching the model\u2026';
    try {
      this.show(await this.tab.download(this.address));
    } catch (error) {
      this.status.textContent = sentenceFor(error);
      this.button.disabled = false;
    }
  }

  private show({ json, weights }: LayersFiles): void {
    this.isHere = true;
    save('own-json', 'model.json', new Blob([json], { type: 'application/json' }));
    save('own-weights', 'weights.bin', new Blob([weights], { type: 'application/octet-stream' }));
    element('own-files', HTMLParagraphElement).hidden = false;
    element('predict-text', HTMLParagraphElement).textContent =
      'Draw something: the whole model runs here, and nothing is sent.';
    const size = bytesText(json.length + weights.length);
    const answers = canAsk() ? ' and answers without the server' : '';
    this.status.textContent = `The model is here (${size})${answers}. Both files together are what tf.loadLayersModel opens.`;
  }
}

/** Whether the page has what the model takes: it shows it drawings. */
function canAsk(): boolean {
  return !element('predict', HTMLElement).hidden;
}

function save(id: string, name: string, content: Blob): void {
  const link = element(id, HTMLAnchorElement);
  link.href = URL.createObjectURL(content);
  link.download = name;
}
