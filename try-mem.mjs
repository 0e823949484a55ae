import * as tf from '@tensorflow/tfjs';
import { createOnnxEngine } from './dist/shared/engine/onnx/onnx-engine.js';
import { weightSpecs, readModelWeights } from './dist/shared/model/weights.js';
import { adam } from './dist/shared/engine/optimizer.js';
await tf.setBackend('cpu');
const model=tf.sequential({layers:[tf.layers.dense({units:16,inputShape:[20],activation:'relu'}),tf.layers.dense({units:3})]});
const spec = { index:1, of:3, topology: JSON.stringify(model.toJSON(null,false)), inputs:[], outputs:[], weights: weightSpecs(model) };
const engine = await createOnnxEngine({ runtime: process.argv[2] });
const seg = await engine.segment({ spec, weights: readModelWeights(model), optimizer: adam(), seed:1, stream:0 });
for(let i=0;i<=60000;i++){ const x={dtype:'float32',shape:[8,20],data:new Float32Array(160).fill(Math.random())}; const {outputs}=await seg.forward({inputs:[x]},i);await seg.backward(outputs);await seg.update(); if(i%10000===0) {globalThis.gc?.();await new Promise(r=>setTimeout(r,50));globalThis.gc?.();const m=process.memoryUsage();console.log(i,'rss',(m.rss/1e6).toFixed(1),'heap',(m.heapUsed/1e6).toFixed(1),'ext',(m.external/1e6).toFixed(1),'ab',(m.arrayBuffers/1e6).toFixed(1));} }
