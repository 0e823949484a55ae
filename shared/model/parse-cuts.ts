/** One cut: the layer, or layers, whose outputs end the part below. */
export type Cut = string | readonly string[];

/** Reads `conv1+skip,flatten` as two cuts, the first through two layers. */
export function parseCuts(text: string): Cut[] {
  return text.split(',').map((cut) => cut.split('+').map((name) => name.trim()));
}
