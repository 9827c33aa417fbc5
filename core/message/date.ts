import { decodeText } from './bytes.ts';

const days: readonly string[] = ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed'];
const months: readonly string[] = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const dayMs = 86_400_000;
const shape = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/;

/** An instant as the value of a Date header, in whole seconds. `epochMs` counts from 1970. @see RFC 3261 §20.17 */
export function writeDate(epochMs: number): string {
  const day = Math.floor(epochMs / dayMs);
  const seconds = Math.floor((epochMs - day * dayMs) / 1000);
  const { year, month, date } = civilOf(day);
  const time = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map((part) => twoDigits(Math.floor(part)));
  return `${days[day % 7]}, ${twoDigits(date)} ${months[month]} ${year} ${time.join(':')} GMT`;
}

/** The instant of a Date header's value in milliseconds from 1970, or -1. The name of the day is not looked at. */
export function parseDate(bytes: Uint8Array, start: number, end: number): number {
  const [whole, date, monthName = '', year, hour, minute, second] = shape.exec(decodeText(bytes, start, end)) ?? [];
  const month = months.indexOf(monthName);
  if (whole === undefined || month === -1) return -1;
  if (Number(date) < 1 || Number(date) > 31 || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60)
    return -1;
  const day = dayOf(Number(year), month, Number(date));
  return day < 0 ? -1 : day * dayMs + (Number(hour) * 3600 + Number(minute) * 60 + Number(second)) * 1000;
}

/** Years that begin in March make February's length the last thing to count: days of the year before each month. */
function dayOfYear(marchMonth: number): number {
  return Math.floor((153 * marchMonth + 2) / 5);
}

/** Days from 1970 to a date of the Gregorian calendar; `month` counts from 0. */
function dayOf(year: number, month: number, date: number): number {
  const marchYear = month < 2 ? year - 1 : year;
  const marchMonth = (month + 10) % 12;
  const leaps = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  return 365 * marchYear + leaps + dayOfYear(marchMonth) + date - 1 - 719_468;
}

function civilOf(day: number): { readonly year: number; readonly month: number; readonly date: number } {
  let year = 1970 + Math.floor(day / 366);
  while (dayOf(year + 1, 0, 1) <= day) year++;
  let month = 11;
  while (dayOf(year, month, 1) > day) month--;
  return { year, month, date: day - dayOf(year, month, 1) + 1 };
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
