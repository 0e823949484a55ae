import * as tf from '@tensorflow/tfjs';
import { verify } from './dist/simulator/verify.js';
import { createOnnxEngine } from './dist/shared/engine/onnx/onnx-engine.js';
import { TfjsSegment } from './dist/shared/engine/tfjs/tfjs-segment.js';
import { useBestBackend } from './dist/shared/engine/tfjs/backend.js';
import { builtInTasks } from './dist/shared/tasks/find-task.js';
import { buildSegments } from './dist/shared/model/build.js';
import { BatchOrder } from './dist/shared/data/batch-order.js';
import { optimizerOf } from './dist/shared/task.js';
import { loadMnist } from './dist/client/node/data/mnist.js';
const { train } = await loadMnist();
await useBestBackend();
const task = builtInTasks.get(process.argv[2]); const steps=Number(process.argv[3]);
async function run(engine, backend) {
  await tf.setBackend(backend);
  const { specs, weights } = buildSegments(task, 7);
  const segs = await Promise.all(specs.map((spec,i)=>engine.segment({spec,weights:weights[i],optimizer:optimizerOf(task,i),...(i===specs.length-1?{loss:task.loss}:{}),seed:7,stream:0})));
  const order = new BatchOrder({ size: train.size, batch: 64, seed: 7, client: 0 });
  const trail=[];
  for (let s=0;s<steps;s++){ const b=await train.batch(order.rows(s)); let t=b.inputs; for (const [i,g] of segs.entries()) ({outputs:t}=await g.forward(i===segs.length-1?{inputs:t,labels:b.labels}:{inputs:t},s));
   let c; for(const g of [...segs].reverse()){ c=await g.backward(c); await g.update(); } trail.push((await Promise.all(segs.map(g=>g.weights()))).flat()); }
  return trail;
}
const ref = { segment:o=>TfjsSegment.create(o) };
const trails = {};
trails.wasm = await run(ref,'wasm');
trails.onnx = await run(await createOnnxEngine({}),'cpu');
trails.onnxw = await run(await createOnnxEngine({runtime:'wasm'}),'cpu');
if (process.argv[4]) trails.cpu = await run(ref,'cpu');
const names=Object.keys(trails);
for (const s of [0,1,2,4,9]) trails.wasm[s].forEach((w,i)=>{let m=0,at=0;w.data.forEach((v,j)=>{const d=Math.abs(v-trails.onnx[s][i].data[j]);if(d>m){m=d;at=j;}});console.log('step',s+1,'weight',i,w.shape.join(),'max',m.toExponential(2),'at',at,w.data[at],trails.onnx[s][i].data[at]);});
for (const [a,b] of names.flatMap((a,i)=>names.slice(i+1).map(b=>[a,b]))) {
  const d=(s)=>Math.max(...trails[a][s].map((w,i)=>{let m=0;w.data.forEach((v,j)=>m=Math.max(m,Math.abs(v-trails[b][s][i].data[j])));return m;}));
  console.log(a,b,[0,1,2,4,9,14,19,29,39,49].filter(s=>s<steps).map(s=>`${s+1}:${d(s).toExponential(1)}`).join(' '));
}
