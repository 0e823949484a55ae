import { benchNets } from './dist/bench/engine-nets.js';
import { createOnnxEngine } from './dist/shared/engine/onnx/onnx-engine.js';
import { weightSpecs, readModelWeights } from './dist/shared/model/weights.js';
import { adam } from './dist/shared/engine/optimizer.js';
import * as tf from '@tensorflow/tfjs';
await tf.setBackend('cpu');
const net=benchNets.find(n=>n.name==='mlp'); const model=net.model();
const spec = { index:1, of:3, topology: JSON.stringify(model.toJSON(null,false)), inputs:[], outputs:[], weights: weightSpecs(model) };
const engine = await createOnnxEngine({ runtime: process.argv[2] });
const seg = await engine.segment({ spec, weights: readModelWeights(model), optimizer: adam(), seed:1, stream:0 });
const sh=[64,...net.inputShape];const rss=()=>Math.round(process.memoryUsage().rss/1e6);
for(let i=0;i<10001;i++){ const x={dtype:'float32',shape:sh,data:new Float32Array(64*784).fill(Math.random())}; const {outputs}=await seg.forward({inputs:[x]},i);await seg.backward(outputs);await seg.update(); if(i%1000===0) console.log(i,rss(),'MB'); }
