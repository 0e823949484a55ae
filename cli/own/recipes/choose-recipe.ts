import type { Preparation } from '../../../shared/preparation/preparation.js';
import { cnn } from './cnn.js';
import { cnn1d } from './cnn1d.js';
import { mlp } from './mlp.js';
import type { Needs, RecipeText } from './recipe.js';

const bySamples = [mlp, cnn1d, cnn] as const;

/** The recipe for a kind of data: rows are learned by a perceptron, series by convolutions along time, pictures by a residual network. */
export function chooseRecipe(preparation: Preparation, needs: Needs): RecipeText {
  switch (preparation.kind) {
    case 'table':
      return mlp(needs);
    case 'images':
      return cnn(needs);
    case 'sound':
      return cnn1d(needs);
    case 'arrays':
      return (bySamples[needs.shape.length - 1] ?? cnn)(needs);
  }
}
