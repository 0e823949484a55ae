import { loadMnist } from '../../client/node/data/mnist.js';
import { readOwnTable } from '../../client/node/own/large-table.js';
import type { ClientData } from '../../shared/data/dataset.js';
import { splitColumns } from '../../shared/data/party-data.js';
import { adultTable } from '../../shared/tasks/adult-table.js';
import { adultVertical } from '../../shared/tasks/adult-vertical.js';
import { EPOCHS, lenetCurve, residualCurve, verticalCurve, type Comparison } from './ways.js';

export type ComparisonName = 'curve' | 'residual' | 'vertical';

/** What is compared, on which data, and what the docs say of it. */
interface Compared {
  readonly comparison: Comparison;
  /** `file` is where the table is, of what needs one. */
  readonly load: (file: string) => Promise<ClientData>;
  readonly column: string;
  readonly says: string;
  /** Below docs/. */
  readonly picture?: string;
}

export const comparisons: Readonly<Record<ComparisonName, Compared>> = {
  curve: {
    comparison: lenetCurve,
    load: () => loadMnist(),
    column: 'accuracy',
    says: `Two clients on all of MNIST with the LeNet of \`mnist\`: split over ${EPOCHS.split} epochs at pool2, FedAvg over ${EPOCHS.fedavg}, and smashed data that travel once.`,
    picture: 'assets/wire-curve.svg',
  },
  vertical: {
    comparison: verticalCurve,
    load: async (file) => splitColumns(await readOwnTable(file, adultTable), adultTable, adultVertical.parties ?? []),
    column: 'area under the curve',
    says: 'The table Adult, its columns at three parties and the labels at a fourth (`adult-vertical`), five epochs.',
  },
  residual: {
    comparison: residualCurve,
    load: () => loadMnist(),
    column: 'accuracy',
    says: 'Two clients on all of MNIST with the residual network of `mnist-residual`, one epoch.',
  },
};
