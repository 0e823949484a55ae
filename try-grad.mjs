import * as tf from '@tensorflow/tfjs';
import { createOnnxEngine } from './dist/shared/engine/onnx/onnx-engine.js';
import { TfjsSegment } from './dist/shared/engine/tfjs/tfjs-segment.js';
import { useBestBackend } from './dist/shared/engine/tfjs/backend.js';
import { builtInTasks } from './dist/shared/tasks/find-task.js';
import { buildSegments, buildModel } from './dist/shared/model/build.js';
import { weightSpecs, readModelWeights } from './dist/shared/model/weights.js';
import { BatchOrder } from './dist/shared/data/batch-order.js';
import { optimizerOf } from './dist/shared/task.js';
import { loadMnist } from './dist/client/node/data/mnist.js';
const { train } = await loadMnist(); await useBestBackend();
const task=builtInTasks.get('mnist'), seed=7;
const m=buildModel(task,seed); const spec={index:0,of:1,topology:JSON.stringify(m.toJSON(null,false)),inputs:[],outputs:[],weights:weightSpecs(m)}; const weights=readModelWeights(m);
const mk=e=>e.segment({spec,weights,optimizer:optimizerOf(task,0),loss:task.loss,seed,stream:0});
const A=await mk(await createOnnxEngine({})), B=await mk({segment:o=>TfjsSegment.create(o)});
const order = new BatchOrder({ size: train.size, batch: 16, seed, client: 0 });
for (let s=0;s<4;s++){ const b=await train.batch(order.rows(s)); const g=[];
 for (const S of [A,B]) { await S.forward({inputs:b.inputs,labels:b.labels},s); await S.backward(); g.push(await S.gradients()); await S.update(); }
 const w=[await A.weights(),await B.weights()];
 w[0].forEach((x,i)=>{let mx=0,at=0;x.data.forEach((v,j)=>{const d=Math.abs(v-w[1][i].data[j]);if(d>mx){mx=d;at=j}}); let gm=0;g[0][i].data.forEach((v,j)=>gm=Math.max(gm,Math.abs(v-g[1][i].data[j]))); console.log('step',s,'w',i,x.shape.join('x'),'dW',mx.toExponential(1),'g at',g[0][i].data[at],g[1][i].data[at],'max dG',gm.toExponential(1));});
 // sync weights and slots
}
