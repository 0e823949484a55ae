/** The worker of a page of one's own. */
import '../../client/browser/worker/worker-main.js';
