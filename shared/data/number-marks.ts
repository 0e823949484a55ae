/** Signs that people write beside the digits of a number, and between them. */
const UNITS = [
  ...['$', '€', '£', '¥', '₹', '₽', '₩', '₺', '%', '‰', '°', '°C', '°F', 'US$', 'USD', 'EUR', 'GBP', 'CHF', 'JPY'],
  ...['kg', 'g', 'mg', 'lb', 'lbs', 'km', 'm', 'cm', 'mm', 'mi', 'ft', 'in', 'km/h', 'mph', 'h', 'min', 's', 'ms'],
  ...['kWh', 'kW', 'W', 'V', 'l', 'ml', 'm²', 'm2', 'sqft', 'px', 'GB', 'MB', 'kB'],
];
const BETWEEN_THOUSANDS = [',', "'", '’', ' ', '\u00a0', '\u202f', '_'];
/** A negative number in brackets, as accountants write it. */
const BRACKET = '(';

/** What may be among the marks of a column. */
export const numberMarks: readonly string[] = [...UNITS, ...BETWEEN_THOUSANDS, BRACKET];

/** A number without its marks, as programs write it; the text as it is where the marks do not stand as they should. */
export function withoutMarks(cell: string, marks: readonly string[]): string {
  const isBelowZero = marks.includes(BRACKET) && /^\(.*\)$/.test(cell);
  const [, sign = '', rest = ''] = /^([+-]?)\s*(.*)$/.exec(isBelowZero ? cell.slice(1, -1) : cell) ?? [];
  const units = marks.filter((mark) => UNITS.includes(mark) && (rest.startsWith(mark) || rest.endsWith(mark)));
  // Of `m` and `km` the longer one.
  const [unit] = units.sort((a, b) => b.length - a.length);
  const bare = unit === undefined ? rest : withoutUnit(rest, unit);
  const [, inner = '', digits = ''] = /^([+-]?)(.*)$/.exec(bare) ?? [];
  const signs = [isBelowZero ? '-' : '', sign, inner].filter((each) => each !== '');
  const between = marks.find((mark) => BETWEEN_THOUSANDS.includes(mark) && digits.includes(mark));
  const plain = between !== undefined && areGrouped(digits, between) ? digits.replaceAll(between, '') : digits;
  return signs.length > 1 || !/^[\d.]/.test(plain) ? cell : `${signs[0] ?? ''}${plain}`;
}

/**
 * The marks with which all cells are numbers; undefined where there are none such, or where units differ, since pounds are no
 * kilograms.
 */
export function marksOf(cells: readonly string[], isNumber: (cell: string) => boolean): readonly string[] | undefined {
  const marked = [...new Set(cells)].filter((cell) => !isNumber(cell));
  if (marked.length === 0) return undefined;
  const found = new Set<string>();
  for (const cell of marked) {
    const own = marksIn(cell);
    if (!own || !isNumber(withoutMarks(cell, own))) return undefined;
    own.forEach((mark) => found.add(mark));
  }
  const kinds = [UNITS, BETWEEN_THOUSANDS].map((kind) => [...found].filter((mark) => kind.includes(mark)).length);
  return kinds.some((count) => count > 1) ? undefined : numberMarks.filter((mark) => found.has(mark));
}

function marksIn(cell: string): string[] | undefined {
  const inner = /^\((.*)\)$/.exec(cell)?.[1];
  const [, before = '', digits = '', after = ''] =
    /^[+-]?\s*([^\d.+-]*?)\s*[+-]?((?:\d|\.\d)[\d.,'’ \u00a0\u202f_]*)(\D*)$/.exec(inner ?? cell) ?? [];
  const units = [before, after].map((text) => text.trim()).filter((text) => text !== '');
  if (digits === '' || units.length > 1 || units.some((unit) => !UNITS.includes(unit))) return undefined;
  const between = BETWEEN_THOUSANDS.filter((mark) => digits.trim().includes(mark));
  return [...units, ...between, ...(inner === undefined ? [] : [BRACKET])];
}

function withoutUnit(text: string, unit: string): string {
  return (text.startsWith(unit) ? text.slice(unit.length) : text.slice(0, -unit.length)).trim();
}

/** Digits by three, as in 1,234,567.8. */
function areGrouped(digits: string, between: string): boolean {
  const [whole = ''] = digits.split('.');
  const [first = '', ...others] = whole.split(between);
  return (
    /^\d{1,3}$/.test(first) &&
    others.every((each) => /^\d{3}$/.test(each)) &&
    !digits.slice(whole.length).includes(between)
  );
}
