/** The worker of the join page. */
import '../../client/browser/worker/worker-main.js';
