import { BLANKS } from '../../shared/data/csv-lines.js';
import type { Column, TableSchema } from '../../shared/data/table.js';
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
        `table = pd.read_csv('new.csv', skipinitialspace=True${readingOf(preparation.table)})`,
        ...preparation.table.columns.flatMap(plainColumn),
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

function readingOf({ separator = ',', decimal, encoding }: TableSchema): string {
  return [
    separator === BLANKS ? String.raw`, sep=r'\s+'` : separator === ',' ? '' : `, sep=${JSON.stringify(separator)}`,
    decimal === ',' ? ", decimal=',', thousands='.'" : '',
    encoding === 'windows-1252' ? ", encoding='cp1252'" : '',
  ].join('');
}

/** Numbers without their marks, and dates as days, where a column has such: what the model reads are numbers. */
function plainColumn(column: Column): string[] {
  const own = `table[${JSON.stringify(column.name)}]`;
  if (column.kind === 'number' && column.marks) {
    const negative = column.marks.includes('(') ? String.raw`.str.replace(r'^\((.*)\)$', r'-\1', regex=True)` : '';
    return [
      `${own} = pd.to_numeric(${own}.astype(str)${negative}.str.replace(r'[^0-9.eE+-]', '', regex=True), errors='coerce')`,
    ];
  }
  if (column.kind !== 'date') return [];
  if (column.order === 'time') return [`${own} = pd.to_timedelta(${own} + ':00') / pd.Timedelta(days=1)`];
  const dayFirst = column.order === 'day-month-year' ? ', dayfirst=True' : '';
  return [`${own} = (pd.to_datetime(${own}, utc=True${dayFirst}) - pd.Timestamp(0, tz='UTC')) / pd.Timedelta(days=1)`];
}
