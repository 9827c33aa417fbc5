import { isPartyName, type PartyName } from './parties.ts';

/** A call flow as facts: who sends what to whom, and what each message has of its own. */
export interface Flow {
  /** `RFC 3665 §3.2`. */
  readonly name: string;
  readonly callId: string;
  /** Of those whose tags the RFC gives. */
  readonly tags: Readonly<Partial<Record<PartyName, string>>>;
  /** Of those who are elsewhere than usual. */
  readonly hosts?: Readonly<Partial<Record<PartyName, string>>>;
  /**
   * A message a line: `F1 INVITE Alice > Proxy 1 | sdp | Supported: timer`; a response names the method that it answers:
   * `F2 407 INVITE Proxy 1 > Alice`. After bars stand its notes, which are told of whoever makes the message: what is only passed
   * on keeps what it has. A note is a header field, or one of these:
   *
   * - `sdp`: it describes a session; `sdp at HOST`: and this is where its media go
   * - `route`: of a request outside of a dialog, which names the proxy that it goes to
   * - `record-route`: the proxy that passes this on stays in the dialog
   * - `credentials REALM`, once for each
   * - `at HOST`: the sender is there from now on
   * - `CSeq N`
   * - `Call-ID: …`: a new call begins
   * - `again`: the sender's message before this one once more
   */
  readonly rows: string;
}

/** A line of a flow. */
export interface Row {
  readonly label: string;
  readonly method: string;
  /** Undefined in a request. */
  readonly status: number | undefined;
  readonly from: PartyName;
  readonly to: PartyName;
  readonly notes: Notes;
}

export interface Notes {
  readonly flags: ReadonlySet<string>;
  readonly sdpAt: string | undefined;
  readonly realms: readonly string[];
  readonly at: string | undefined;
  readonly cseq: number | undefined;
  readonly fields: ReadonlyMap<string, string>;
}

const rowPattern = /^(F\d+) (?:(\d{3}) )?([A-Z]+) ([^>]+) > (.+)$/;

export function rowsOf(flow: Flow): Row[] {
  const lines = flow.rows.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '').map((line) => rowOf(line, flow));
}

function rowOf(line: string, flow: Flow): Row {
  const [head = '', ...notes] = line.split('|').map((part) => part.trim());
  const [, label = '', status, method = '', from = '', to = ''] = rowPattern.exec(head) ?? [];
  if (!isPartyName(from) || !isPartyName(to)) throw new Error(`${flow.name} has a line that is none: ${line}`);
  return { label, method, status: status === undefined ? undefined : Number(status), from, to, notes: notesOf(notes) };
}

function notesOf(notes: readonly string[]): Notes {
  const said = (opening: string): string[] =>
    notes.filter((note) => note.startsWith(opening)).map((note) => note.slice(opening.length));
  const [cseq] = said('CSeq ');
  const [sdpAt] = said('sdp at ');
  return {
    flags: new Set(notes),
    sdpAt,
    realms: said('credentials '),
    at: said('at ')[0],
    cseq: cseq === undefined ? undefined : Number(cseq),
    fields: new Map(
      notes
        .filter((note) => note.includes(': '))
        .map((note) => [note.replace(/: .*/, ''), note.replace(/^[^:]*: /, '')]),
    ),
  };
}
