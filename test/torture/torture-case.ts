import type { Facts } from './facts.ts';

/** A torture message, and what has to become of it. */
export interface TortureCase {
  readonly name: string;
  /** Of its RFC. */
  readonly section: string;
  /** `taken`, or the reason of its refusal. */
  readonly verdict: string;
  /** Holds for refused messages as well, of which as much is indexed as can be. */
  readonly facts: Facts;
  /** The status line of a listening stack's final answer on UDP, without the version; '' for silence. */
  readonly answer: string;
  /** Header fields of the answer, by name. */
  readonly answerFields?: Readonly<Record<string, string>>;
}

/** What our stack allows. */
export const allow: Readonly<Record<string, string>> = {
  Allow: 'INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, OPTIONS, INFO, MESSAGE',
};
