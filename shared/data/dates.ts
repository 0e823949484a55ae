/** In which order a date is written: the year first, the day first, the month first, or no date but a time of day. */
export const dateOrders = ['year-month-day', 'day-month-year', 'month-day-year', 'time'] as const;
export type DateOrder = (typeof dateOrders)[number];

/** A date becomes its place in time, in the year and in the week; a time of day its place in the day. */
const [YEAR_DAYS, WEEK_DAYS] = [365.2425, 7];
const DAY_MS = 86_400_000;

const TIME = String.raw`(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?(?:\s*([ap])\.?m\.?)?`;
const ZONE = String.raw`\s*(Z|UTC|[+-]\d{2}:?\d{2})?`;
const AFTER = `(?:(?:T|,?\\s+)${TIME}${ZONE})?`;
const YEAR_FIRST = new RegExp(String.raw`^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})${AFTER}$`, 'i');
const YEAR_LAST = new RegExp(String.raw`^(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})${AFTER}$`, 'i');
const ONLY_TIME = new RegExp(`^${TIME}$`, 'i');

/** Days since the beginning of 1970, in the time that is written or in UTC where a zone is; of a time alone the part of a day. NaN for what is none. */
export function daysOf(cell: string, order: DateOrder): number {
  if (order === 'time') {
    const found = ONLY_TIME.exec(cell);
    return found ? dayPart(found.slice(1)) : NaN;
  }
  const isYearFirst = order === 'year-month-day';
  const found = (isYearFirst ? YEAR_FIRST : YEAR_LAST).exec(cell);
  if (!found) return NaN;
  const [a, b, c] = [found[1], found[3], found[4]].map(Number) as [number, number, number];
  const [year, month, day] = isYearFirst
    ? [a, b, c]
    : [fullYear(c, found[4] ?? ''), ...(order === 'day-month-year' ? [b, a] : [a, b])];
  const time = found[5] === undefined ? 0 : dayPart(found.slice(5, 9));
  return wholeDays(year ?? 0, month ?? 0, day ?? 0) + time - zoneDays(found[9]);
}

/** The order with which all cells are dates or times; undefined where there is none. Of two, days come first but between strokes. */
export function dateOrderOf(cells: readonly string[]): DateOrder | undefined {
  const different = [...new Set(cells)];
  const fits = (order: DateOrder) => different.every((cell) => !Number.isNaN(daysOf(cell, order)));
  const isStroked = different[0]?.includes('/') ?? false;
  const ordered: readonly DateOrder[] = isStroked
    ? ['year-month-day', 'month-day-year', 'day-month-year', 'time']
    : dateOrders;
  return different.length === 0 ? undefined : ordered.find(fits);
}

/** How many numbers a date becomes. */
export function dateWidth(order: DateOrder, hasTimes: boolean): number {
  return order === 'time' ? 2 : hasTimes ? 7 : 5;
}

/** Lengths in days after which a date comes round, each with two numbers. */
export function roundsOf(order: DateOrder, hasTimes: boolean): readonly number[] {
  if (order === 'time') return [1];
  return hasTimes ? [YEAR_DAYS, WEEK_DAYS, 1] : [YEAR_DAYS, WEEK_DAYS];
}

/** Writes sine and cosine of where in each round a date lies, as an exported model reckons it. */
export function writeRounds(days: number, rounds: readonly number[], out: Float32Array, at: number): void {
  rounds.forEach((length, i) => {
    const turns = days / length;
    const angle = Math.fround(2 * Math.PI * (turns - Math.floor(turns)));
    out[at + 2 * i] = Math.sin(angle);
    out[at + 2 * i + 1] = Math.sin(angle + Math.fround(Math.PI / 2));
  });
}

function dayPart([hours = '', minutes = '', seconds = '0', half]: readonly (string | undefined)[]): number {
  const [h, m, s] = [Number(hours), Number(minutes), Number(seconds)];
  if (m > 59 || s > 60 || (half === undefined ? h > 24 : h < 1 || h > 12)) return NaN;
  const hour = half === undefined ? h : (h % 12) + (half.toLowerCase() === 'p' ? 12 : 0);
  return (hour * 3600 + m * 60 + s) / 86_400;
}

/** NaN for a day that the month has not. */
function wholeDays(year: number, month: number, day: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() / DAY_MS : NaN;
}

function fullYear(year: number, text: string): number {
  if (text.length > 2) return year;
  return year < 70 ? 2000 + year : 1900 + year;
}

function zoneDays(zone: string | undefined): number {
  const [, sign = '', hours = '', minutes = ''] = /^([+-])(\d{2}):?(\d{2})$/.exec(zone ?? '') ?? [];
  if (sign === '') return 0;
  return ((sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))) / 1440;
}
