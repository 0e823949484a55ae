/** What `tandem export` writes, and for whom. */
export const exportFormats = ['tfjs', 'onnx', 'safetensors'] as const;

/** `tfjs`: model.json and weights.bin; `onnx`: model.onnx, operator set 17; `safetensors`: the weights alone, by name. */
export type ExportFormat = (typeof exportFormats)[number];
