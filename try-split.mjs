import * as tf from '@tensorflow/tfjs';
import { createOnnxEngine } from './dist/shared/engine/onnx/onnx-engine.js';
import { TfjsSegment } from './dist/shared/engine/tfjs/tfjs-segment.js';
import { useBestBackend } from './dist/shared/engine/tfjs/backend.js';
import { builtInTasks } from './dist/shared/tasks/find-task.js';
import { buildSegments, buildModel } from './dist/shared/model/build.js';
import { weightSpecs, readModelWeights, weightKey } from './dist/shared/model/weights.js';
import { BatchOrder } from './dist/shared/data/batch-order.js';
import { optimizerOf } from './dist/shared/task.js';
import { loadMnist } from './dist/client/node/data/mnist.js';
const { train } = await loadMnist();
await useBestBackend();
const steps=50;
const onnx = await createOnnxEngine({}), ref={segment:o=>TfjsSegment.create(o)};
async function run(task, engine, seed, whole) {
  let { specs, weights } = buildSegments(task, seed);
  if (whole) { const m=buildModel(task,seed); specs=[{index:0,of:1,topology:JSON.stringify(m.toJSON(null,false)),inputs:[],outputs:[],weights:weightSpecs(m)}]; weights=[readModelWeights(m)]; m.dispose(); }
  const segs = await Promise.all(specs.map((spec,i)=>engine.segment({spec,weights:weights[i],optimizer:optimizerOf(task,i),...(i===specs.length-1?{loss:task.loss}:{}),seed,stream:0})));
  const order = new BatchOrder({ size: train.size, batch: 64, seed, client: 0 });
  for (let s=0;s<steps;s++){ const b=await train.batch(order.rows(s)); let t=b.inputs; for (const [i,g] of segs.entries()) ({outputs:t}=await g.forward(i===segs.length-1?{inputs:t,labels:b.labels}:{inputs:t},s));
   let c; for(const g of [...segs].reverse()){ c=await g.backward(c); await g.update(); } }
  const out=new Map(); const ws=(await Promise.all(segs.map(g=>g.weights()))); specs.forEach((sp,i)=>sp.weights.forEach((w,j)=>out.set(weightKey(w),ws[i][j].data))); segs.forEach(s=>s.dispose()); return out; }
const diff=(a,b)=>{let m=0;for(const [k,v] of a) v.forEach((x,j)=>m=Math.max(m,Math.abs(x-b.get(k)[j])));return m;};
for (const name of ['mnist','mnist-mlp','mnist-residual','mnist-norm']) for (const seed of name==='mnist'?[0,1,2,7,42]:[1,7]) { const task=builtInTasks.get(name);
 const split=await run(task,onnx,seed), whole=await run(task,onnx,seed,true); const t=await run(task,ref,seed);
 console.log(name,'seed',seed,'onnx split vs onnx whole',diff(split,whole).toExponential(1),'vs tfjs wasm',diff(split,t).toExponential(1)); }
