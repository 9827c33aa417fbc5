import { addressOf, type PartyName } from './parties.ts';
import type { Wire } from './wire.ts';

/** A message as its sender sent it, and as it is with whom it reached. */
interface Passed {
  readonly from: PartyName;
  readonly to: PartyName;
  readonly sent: Wire;
  readonly got: Wire;
}

/** What has gone between the parties of a flow. */
export class History {
  /** The newest first. */
  readonly #passed: Passed[] = [];

  /** `host` is where the sender is. */
  add(from: PartyName, to: PartyName, sent: Wire, host: string): void {
    this.#passed.unshift({ from, to, sent, got: marked(sent, addressOf(host)) });
  }

  /** The newest such request that the party sent. */
  sentRequest(party: PartyName, method: string): Wire {
    return known(this.#passed.find(({ from, sent }) => from === party && asks(sent, method))?.sent, party, method);
  }

  /** The newest such request that the party got, of one sender or of any. */
  gotRequest(party: PartyName, method: string, sender?: PartyName): Wire {
    const found = this.#passed.find(
      ({ from, to, got }) => to === party && (sender ?? from) === from && asks(got, method),
    );
    return known(found?.got, party, method);
  }

  /** The newest answer that the party got to its requests of that method. */
  gotAnswer(party: PartyName, method: string, matches: (answer: Wire) => boolean = () => true): Wire | undefined {
    return this.#passed.find(({ to, got }) => to === party && answers(got, method) && matches(got))?.got;
  }
}

/** A server writes into a request's topmost Via where it came from. @see RFC 3261 §18.2.1 */
function marked(sent: Wire, received: string): Wire {
  const [top, ...others] = sent.vias;
  return sent.status !== undefined || top === undefined ? sent : { ...sent, vias: [{ ...top, received }, ...others] };
}

function asks({ status, method }: Wire, asked: string): boolean {
  return status === undefined && method === asked;
}

function answers({ status, method }: Wire, asked: string): boolean {
  return status !== undefined && method === asked;
}

function known(wire: Wire | undefined, party: PartyName, method: string): Wire {
  if (wire === undefined) throw new Error(`no ${method} has come before that ${party} could go by`);
  return wire;
}
