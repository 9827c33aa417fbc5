import type { Datagram } from '../../transport/index.ts';

/** Where an address stands in a ladder: an index into its columns. */
export type ColumnOf = (endpoint: { readonly host: string; readonly port: number }) => number;

/** One message, as a ladder shows it. */
interface Rung {
  readonly atMs: number;
  readonly from: number;
  readonly to: number;
  readonly label: string;
  readonly note: string;
}

const columnWidth = 22;
const timeWidth = 11;
const noteMax = 70;

/** So many messages before a violation are shown. */
export const rungsMax = 60;

/** Draws the messages of one dialog, in the order in which their fates were decided: a column each for near, hops, far and strangers. */
export class Ladder {
  readonly #columns: readonly string[];
  readonly #columnOf: ColumnOf;
  readonly #callId: string | undefined;
  readonly #untilMs: number;
  readonly #rungs: Rung[] = [];
  #left = 0;

  /** Takes messages of that Call-ID alone, where there is one, and until that instant. */
  constructor(columns: readonly string[], columnOf: ColumnOf, callId: string | undefined, untilMs: number) {
    this.#columns = columns;
    this.#columnOf = columnOf;
    this.#callId = callId;
    this.#untilMs = untilMs;
  }

  take({ bytes, from, to, sentAtMs, atMs, fate }: Datagram): void {
    if (atMs > this.#untilMs) return;
    const text = new TextDecoder('latin1').decode(bytes);
    if (this.#callId !== undefined && headerIn(text, 'Call-ID', 'i') !== this.#callId) return;
    const [label, note] = said(text);
    const lost = fate === 'delivered' ? '' : `${fate}!  `;
    this.#rungs.push({
      atMs: sentAtMs,
      from: this.#columnOf(from),
      to: this.#columnOf(to),
      label: lost === '' ? label : `x ${label} x`,
      note: `${lost}${note}`,
    });
    if (this.#rungs.length <= rungsMax) return;
    this.#rungs.shift();
    this.#left += 1;
  }

  draw(): string {
    const head = `${''.padEnd(timeWidth)}${this.#columns.map((name) => name.padEnd(columnWidth)).join('')}`.trimEnd();
    const left = this.#left === 0 ? [] : [`${''.padEnd(timeWidth)}(${this.#left} messages before)`];
    return [head, ...left, ...this.#rungs.map((rung) => this.#line(rung))].join('\n');
  }

  #line({ atMs, from, to, label, note }: Rung): string {
    const width = columnWidth * (this.#columns.length - 1) + 1;
    const cells = Array.from({ length: width }, (_, at): string => (at % columnWidth === 0 ? '|' : ' '));
    const [left, right] = [Math.min(from, to) * columnWidth, Math.max(from, to) * columnWidth];
    const write = (text: string, at: number): void => void cells.splice(at, text.length, ...text);
    if (left === right) write(`@ ${label}`.slice(0, columnWidth - 1), left);
    else {
      const inner = right - left - 1;
      const shown = ` ${label.slice(0, inner - 4)} `;
      const around = (inner - shown.length) / 2;
      write('-'.repeat(inner), left + 1);
      write(from < to ? '>' : '<', from < to ? right - 1 : left + 1);
      write(shown, left + 1 + (from < to ? Math.floor(around) : Math.ceil(around)));
    }
    return `${clock(atMs).padEnd(timeWidth)}${cells.slice(0, width).join('')}  ${note.slice(0, noteMax)}`.trimEnd();
  }
}

/** `INFO 7` and the start line, or `200 INFO 7` and what a response says beside that. */
function said(text: string): [label: string, note: string] {
  const [startLine = ''] = text.split('\r\n', 1);
  const [number = '', method = ''] = (headerIn(text, 'CSeq') ?? '?').split(/\s+/);
  const [, status, reason] = /^SIP\/2\.0 (\d{3}) ?(.*)$/.exec(startLine) ?? [];
  if (status === undefined) return [`${startLine.split(' ', 1)[0]} ${number}`, startLine];
  const action = headerIn(text, 'P-Dialog-Recovery-Action');
  return [`${status} ${method} ${number}`, action === undefined ? (reason ?? '') : `${reason}, ${action}`];
}

/** A header's value; none in what is cut before its end. */
function headerIn(text: string, name: string, compact: string = name): string | undefined {
  return new RegExp(`^(?:${name}|${compact})[ \\t]*:[ \\t]*(.*?)[ \\t]*\\r?$`, 'im').exec(text)?.[1];
}

/** `12:04.310`: minutes, seconds, milliseconds. */
function clock(atMs: number): string {
  const minutes = Math.floor(atMs / 60_000);
  const seconds = ((atMs % 60_000) / 1000).toFixed(3);
  return `${minutes}:${seconds.padStart(6, '0')}`;
}
