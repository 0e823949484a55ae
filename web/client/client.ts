/** What a page of one's own imports from a Tandem server, as `/client/client.js`; its worker is `/client/worker.js`. */
export { TabClient } from '../../client/browser/tab-client.js';
