/** Combining marks above one letter that are kept: more of them write over the lines around. */
const MOST_MARKS = 4;
const SPACES = /[\s\u2028\u2029]+/gu;
/** Controls (escapes), formats (marks of direction, joiners of no width), halves of pairs and private characters. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/gu;
/** The same between the quotes of JSON, which has escaped its own line breaks; ends of lines in other alphabets, too. */
const UNSEEN_IN_JSON = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\u2028\u2029]/gu;
const PILED_MARKS = new RegExp(`(\\p{M}{${MOST_MARKS}})\\p{M}+`, 'gu');

/**
 * Untrusted text as one line of bounded length that shows nothing but itself: no line of its own in a log, no
 * escape sequence on a terminal, no mark that turns what follows around. What cannot be seen is written as `\u{1b}`. Everything that shows
 * another's text goes through here.
 */
export function plainLine(text: string, maxCharacters = 200): string {
  // What is cut off anyway is not looked at.
  const read = text.length > 8 * maxCharacters ? text.slice(0, 8 * maxCharacters) : text;
  const plain = read.replace(SPACES, ' ').replace(PILED_MARKS, '$1').replace(UNSEEN, visible).trim();
  const characters = Array.from(plain);
  if (characters.length <= maxCharacters && read === text) return plain;
  return characters.length < maxCharacters ? `${plain}…` : `${characters.slice(0, maxCharacters - 1).join('')}…`;
}

/** Whether a text is one line in which all can be seen. */
export function isPlain(text: string): boolean {
  return text.search(UNSEEN_IN_JSON) < 0;
}

/** Text of many lines, some words of which others may have written, such as a stack or a table with names in it: its lines stay as they are, and do nothing but be read. */
export function plainLines(text: string, maxCharacters = Infinity): string {
  const read = text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text;
  return read.replaceAll(UNSEEN, (character) =>
    character === '\n' || character === '\t' ? character : visible(character),
  );
}

/** A value as JSON that a terminal obeys in nothing: what `plainLine` would not show is escaped, so that a program still reads it all. */
export function plainJson(value: unknown): string {
  const units = (character: string) =>
    Array.from({ length: character.length }, (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`);
  return JSON.stringify(value).replace(UNSEEN_IN_JSON, (character) => units(character).join(''));
}

function visible(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
