import { isChallenge } from '../message/challenge.ts';
import { Message } from '../message/message.ts';
import { writeAgain } from '../message/repeat.ts';
import type { Writer } from '../message/write.ts';
import type { ClientTransactions } from '../transaction/client.ts';
import type { ClientTransaction } from '../transaction/client-transaction.ts';
import { Authorizations } from './authorizations.ts';
import type { Keyring } from './keyring.ts';
import type { DialogIndex, DialogTable } from './table.ts';

/** One request answers so many challenges: each proxy of a path may have a realm of its own, or find a nonce stale. */
const attemptsMax = 5;

/**
 * Answers challenges: sends the challenged request once more with credentials, as a new transaction of the same user.
 *
 * The new transaction is the old one's in all but id, branch and sequence number; its user goes on as if the challenge had not come.
 *
 * @see RFC 3261 §8.1.3.5, §22.2, §22.3
 */
export class Challenges {
  readonly #table: DialogTable;
  readonly #clients: ClientTransactions;
  readonly #writer: Writer;
  readonly #keyring: Keyring;
  readonly #request = new Message();

  constructor(options: {
    readonly table: DialogTable;
    readonly clients: ClientTransactions;
    readonly writer: Writer;
    readonly keyring: Keyring;
  }) {
    this.#table = options.table;
    this.#clients = options.clients;
    this.#writer = options.writer;
    this.#keyring = options.keyring;
  }

  /**
   * Answers the challenge to a request inside a dialog, whose later requests carry the credentials as well. Undefined when the
   * response is no challenge or has no answer of ours: it is then the outcome.
   */
  answer(tx: ClientTransaction, response: Message, dialog: DialogIndex): ClientTransaction | undefined {
    if (!isChallenge(response) || this.#keyring.isEmpty) return undefined;
    const { authorizations } = this.#table;
    const authorization = authorizations.get(dialog) ?? new Authorizations(this.#keyring);
    if (!this.#learn(tx, response, authorization)) return undefined;
    authorizations.set(dialog, authorization);
    return this.#sendAgain(tx, authorization, this.#table.nextSequence(dialog));
  }

  /** What a call that is about to be made can learn from challenges; undefined without credentials. */
  forCall(): Authorizations | undefined {
    return this.#keyring.isEmpty ? undefined : new Authorizations(this.#keyring);
  }

  /** The same for a request outside any dialog; its sequence number is one higher. */
  answerOutside(
    tx: ClientTransaction,
    response: Message,
    authorization: Authorizations | undefined,
  ): ClientTransaction | undefined {
    if (!isChallenge(response) || authorization === undefined) return undefined;
    if (!this.#learn(tx, response, authorization)) return undefined;
    return this.#sendAgain(tx, authorization, this.#request.cseq.number + 1);
  }

  /** Leaves the challenged request in `#request`. */
  #learn(tx: ClientTransaction, response: Message, authorization: Authorizations): boolean {
    const bytes = this.#clients.challenged;
    if (bytes === undefined || this.#request.scan(bytes) !== undefined || tx.attempt >= attemptsMax) return false;
    return authorization.learn(response, this.#request, tx.attempt > 0);
  }

  #sendAgain(tx: ClientTransaction, authorization: Authorizations, sequence: number): ClientTransaction | undefined {
    const request = this.#request;
    const { method } = request;
    const again = this.#clients.begin(method, tx.flow, tx.reliable, tx.user, tx.owner);
    if (again === undefined) return undefined;
    again.mark = tx.mark;
    again.ownFlowOnly = tx.ownFlowOnly;
    again.attempt = tx.attempt + 1;
    const body = request.bytes.subarray(request.body.start, request.body.end);
    const claim = { method, uri: request.text(request.requestUri), sequence };
    const lines = authorization.lines(claim, body);
    this.#clients.start(
      again,
      writeAgain(this.#writer, request, { branch: again.branch, sequence, authorization: lines }),
    );
    return again;
  }
}
