import { allowHeader, supportedHeader } from '../dialog/request.ts';
import type { Message } from '../message/message.ts';
import { beginResponse, endMessage } from '../message/write.ts';
import type { ServerTransaction } from '../transaction/server.ts';
import type { Content } from './command.ts';
import { endWithContent, noContent } from './content.ts';
import type { Parts } from './parts.ts';

/** What makes one response differ from another. */
export interface ResponseShape {
  readonly toTag?: string;
  /** In place of the usual Reason-Phrase. */
  readonly reason?: string;
  /** Record-Route is echoed: in what establishes or refreshes a dialog. */
  readonly recordRoute?: boolean;
  /** Header lines of ours, each ended by CRLF. */
  readonly lines?: string;
  readonly content?: Content;
  /** Writes header lines, where a text would not do. */
  readonly write?: () => void;
}

/** Answers requests. @see RFC 3261 §8.2.6 */
export class Responder {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  respond(tx: ServerTransaction, request: Message, status: number, shape: ResponseShape = {}): void {
    const { writer, remote, servers, table } = this.#parts;
    const { toTag, reason, recordRoute } = shape;
    beginResponse(writer, request, status, reason, { toTag, recordRoute, source: remote(tx.flow) });
    if (status < 300 && status >= 200) writer.text(supportedHeader(table)).text(allowHeader);
    shape.write?.();
    if (shape.lines !== undefined) writer.text(shape.lines);
    servers.respond(tx, status, endWithContent(writer, shape.content ?? noContent));
  }

  /** Lets the transaction send 100 should the program take its time. */
  pend(tx: ServerTransaction, request: Message): void {
    const { writer, remote, servers } = this.#parts;
    beginResponse(writer, request, 100, undefined, { source: remote(tx.flow) });
    servers.pend(tx, endMessage(writer, undefined, undefined));
  }
}
