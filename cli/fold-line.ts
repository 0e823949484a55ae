/** A line in pieces that are no wider, cut at blanks; those after the first stand further in. A word that is wider stays whole. */
export function foldLine(line: string, width: number, indent: number): string[] {
  if (line.length <= width) return [line];
  const at = line.lastIndexOf(' ', width);
  if (at <= indent) return [line];
  return [line.slice(0, at), ...foldLine(`${' '.repeat(indent)}${line.slice(at + 1)}`, width, indent)];
}
