/** What an attacker's process is told to do, and what it tells. */

/** So many datagrams are sent before an answer is awaited. */
export const burstMax = 30;

export interface Target {
  readonly host: string;
  readonly port: number;
}

/**
 * Messages are texts in which `$N` stands for a number that is new in each, `$H` and `$P` for host and port of the sender, and `$T` for
 * host and port of the target.
 */
export type Job =
  /**
   * Sends the messages in turn, from each host, until it is told to stop. Behind every few of them comes an OPTIONS whose answer is awaited, so
   * that no socket's buffer runs over and what was sent is what arrived.
   */
  | {
      readonly kind: 'datagrams';
      readonly to: Target;
      readonly hosts: readonly string[];
      readonly messages: readonly string[];
    }
  /** Opens connections, from the hosts in turn, and keeps so many. */
  | {
      readonly kind: 'connections';
      readonly to: Target;
      readonly hosts: readonly string[];
      readonly count: number;
      /** What is written as soon as one is open: one of these in turn. */
      readonly messages?: readonly string[];
      /** Then this, one octet at a time. */
      readonly trickle?: { readonly text: string; readonly everyMs: number };
      /** False: what comes is left unread. */
      readonly reads: boolean;
      /** Writes the messages again and again, as fast as the other end takes them. */
      readonly floods?: boolean;
      /** Opens another one for each that the other end has closed. */
      readonly again?: boolean;
    };

/** What an attacker has done so far. */
export interface Deeds {
  /** Messages sent, by their place in the job's list. */
  readonly sent: readonly number[];
  /** OPTIONS sent beside them. */
  readonly markers: number;
  /** Of these, the ones that had to be sent again: something may have been lost. */
  readonly repeated: number;
  /** Responses by status, those to markers left out. */
  readonly answers: { readonly [status: string]: number };
  readonly answersSize: number;
  readonly sentSize: number;
  /** Connections that were opened, and those that the other end has closed. */
  readonly opened: number;
  readonly closed: number;
}

export type Order = { readonly order: 'tell' | 'stop' };
