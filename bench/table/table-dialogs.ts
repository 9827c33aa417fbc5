import type { Address } from '../../core/contract.ts';
import { type DialogId, DialogState, type DialogTable } from '../../core/dialog/table.ts';
import { assemble } from '../../core/engine/assembly.ts';
import type { Parts } from '../../core/engine/parts.ts';
import type { Laps } from '../stopwatch.ts';
import { type Dialogs, randomOrder } from './dialogs.ts';
import { Texts } from './texts.ts';

const local: Address = { protocol: 'udp', host: '203.0.113.70', port: 5060 };
const hop: Address = { protocol: 'udp', host: '192.0.2.1', port: 5060 };

/** Ours: the table of an engine, with what all its parts know of a dialog. */
export class TableDialogs implements Dialogs {
  readonly #parts: Parts;
  readonly #table: DialogTable;
  readonly #texts = new Texts();
  readonly #order: Uint32Array;
  readonly #ids: Float64Array;

  constructor(count: number) {
    this.#parts = partsOf(count);
    this.#table = this.#parts.table;
    this.#order = randomOrder(count);
    this.#ids = new Float64Array(count);
  }

  get length(): number {
    return this.#ids.length;
  }

  get count(): number {
    return this.#table.count;
  }

  get size(): number {
    return this.#table.memory.usedSize;
  }

  get rowSize(): number {
    return this.#table.columns.rowSize;
  }

  create(laps: Laps): void {
    const { table, healer, hops } = this.#parts;
    const first = hops.forSource(hop);
    for (let number = 0; number < this.#ids.length; number++) {
      this.#texts.write(number);
      const dialog = table.create(this.#texts.parts);
      if (dialog === undefined) throw new Error('the table is full');
      healer.begin(dialog);
      if (first !== undefined) hops.attach(dialog, first);
      table.localSequence[dialog] = number;
      this.#ids[number] = table.id(dialog);
      laps.lap();
    }
  }

  find(laps: Laps): number {
    const { bytes, parts } = this.#texts;
    const { callId, localTag, remoteTag } = parts;
    let missed = 0;
    for (const number of this.#order) {
      this.#texts.writeIdentity(number);
      const dialog = this.#table.find(
        bytes,
        callId.start,
        callId.end,
        localTag.start,
        localTag.end,
        remoteTag.start,
        remoteTag.end,
      );
      if (dialog === -1 || this.#table.localSequence[dialog] !== number) missed++;
      laps.lap();
    }
    return missed;
  }

  change(laps: Laps): number {
    const { otherTarget, otherRoutes } = this.#texts;
    let missed = 0;
    for (const number of this.#order) {
      this.#texts.write(number);
      const dialog = this.#table.lookup(this.#ids[number] as DialogId);
      if (dialog === -1 || !this.#table.update(dialog, otherTarget, otherRoutes, undefined)) missed++;
      laps.lap();
    }
    return missed;
  }

  walk(): number {
    const { state, localSequence } = this.#table;
    let count = 0;
    for (let dialog = 0; dialog < state.length; dialog++) {
      if (state[dialog] === DialogState.confirmed && (localSequence[dialog] as number) >= 0) count++;
    }
    return count;
  }

  free(laps: Laps): void {
    const { table, hops } = this.#parts;
    for (const number of this.#order) {
      const dialog = table.lookup(this.#ids[number] as DialogId);
      if (dialog === -1) continue;
      hops.detach(dialog);
      table.free(dialog);
      laps.lap();
    }
  }
}

function partsOf(count: number): Parts {
  const ignore = (): void => {};
  const around = {
    outlet: { send: ignore, open: ignore, close: ignore },
    emit: ignore,
    remote: () => hop,
    isOpen: () => true,
    refreshDue: ignore,
    sessionExpired: ignore,
    healed: ignore,
    healFailed: ignore,
    healOvertaken: ignore,
    brokeMeanwhile: ignore,
    givenUp: ignore,
    endDialog: ignore,
    gone: ignore,
    hopReturned: ignore,
    hopFree: ignore,
  };
  return assemble(
    {
      shard: 0,
      locals: [local],
      hops: [],
      mode: 'maximum',
      policy: 'ms-sipre',
      recovery: {},
      timers: {},
      sessionIntervalS: 1800,
      dialogCapacity: count,
      transactionCapacity: 1024,
      takesCalls: true,
      reportsRefusals: false,
      trust: 'hops',
      challenge: undefined,
      credentials: [],
      hash: () => '',
      random: (target) => target.fill(7),
      nowMs: 0,
      epochMs: undefined,
    },
    around,
  );
}
