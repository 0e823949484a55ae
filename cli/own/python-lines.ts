import type { Preparation } from '../../shared/preparation/preparation.js';

/** Five lines of Python that ask an exported model about raw data. */
export function pythonLines(preparation: Preparation): string[] {
  const open = "session = ort.InferenceSession('model.onnx')";
  const ask = (inputs: string) => `print(session.run(None, ${inputs}))`;
  switch (preparation.kind) {
    case 'table':
      return [
        'import pandas as pd, onnxruntime as ort',
        open,
        "table = pd.read_csv('new.csv', skipinitialspace=True)",
        "cells = lambda i: table[i.name].fillna('').astype(str).to_numpy() if 'string' in i.type else table[i.name].to_numpy('float64')",
        ask('{i.name: cells(i) for i in session.get_inputs()}'),
      ];
    case 'images':
      return [
        'import numpy as np, onnxruntime as ort',
        'from PIL import Image, ImageOps',
        open,
        "image = np.asarray(ImageOps.exif_transpose(Image.open('photo.jpg')).convert('RGB'))",
        ask("{'image': image[None]}"),
      ];
    case 'sound':
      return [
        'import librosa, onnxruntime as ort',
        open,
        `sound, _ = librosa.load('sound.wav', sr=${preparation.samplesPerSecond}, mono=True)`,
        "answers = session.run(None, {'sound': sound[None]})",
        'print(answers)',
      ];
    case 'arrays':
      return [
        'import numpy as np, onnxruntime as ort',
        open,
        "data = np.load('x.npy').astype('float64')",
        `data = data.reshape(-1, ${preparation.shape.join(', ')})`,
        ask("{'data': data}"),
      ];
  }
}
