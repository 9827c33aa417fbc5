import type { Command } from '../../../core/engine/command.ts';
import { callIsAnswered } from './calls.ts';
import type { Ledger } from './ledger.ts';
import { textOf } from './requests.ts';
import { allowHeal, joinGroup } from './routes.ts';

/* What the program asks for. */

export function takeCommand(ledger: Ledger, command: Command): void {
  switch (command.name) {
    case 'request': {
      const dialog = ledger.byId.get(command.dialog);
      if (dialog === undefined) break;
      const { id, method, content, confirm } = command;
      const body = textOf(content.body);
      ledger.commanded = {
        againFromMs: 0,
        id,
        dialog,
        method,
        body,
        confirm,
        state: 'new',
        resends: 0,
        tries: 0,
        cseq: 0,
        sentAtMs: 0,
        refusedAtMs: 0,
        isGivenUp: false,
      };
      ledger.wishes.set(id, ledger.commanded);
      break;
    }
    case 'abandon': {
      const wish = ledger.wishes.get(command.id);
      if (wish !== undefined) wish.isGivenUp = true;
      break;
    }
    case 'heal': {
      const dialog = ledger.byId.get(command.dialog);
      if (dialog !== undefined) allowHeal(ledger, dialog);
      break;
    }
    case 'heal-all':
    case 'hops':
    case 'registration':
      for (const dialog of ledger.dialogs.values()) allowHeal(ledger, dialog);
      break;
    case 'relate': {
      const dialog = ledger.byId.get(command.dialog);
      if (dialog !== undefined) joinGroup(ledger, dialog, command.group);
      break;
    }
    case 'media': {
      const dialog = ledger.byId.get(command.dialog);
      if (dialog === undefined) break;
      if (command.alive) dialog.mediaDeadAtMs = undefined;
      else dialog.mediaDeadAtMs ??= ledger.nowMs;
      break;
    }
    case 'bye': {
      const dialog = ledger.byId.get(command.dialog);
      if (dialog !== undefined) dialog.byeAtMs ??= ledger.nowMs;
      break;
    }
    case 'invite':
      ledger.inviting = command.id;
      break;
    case 'answer':
      callIsAnswered(ledger, command.id, ledger.incoming.get(command.call) ?? '', textOf(command.content.body));
      break;
    case 'respond': {
      const dialog = ledger.asked.get(command.request);
      const body = textOf(command.content.body);
      if (dialog !== undefined && command.status < 300 && body !== '') dialog.unseenOffer = body;
      break;
    }
    case 'adopt':
      ledger.adopted.set(command.id, command.record);
      break;
    case 'export': {
      const dialog = ledger.byId.get(command.dialog);
      if (command.release && dialog !== undefined) ledger.released.set(command.id, dialog);
      break;
    }
    case 'drain':
      for (const dialog of ledger.dialogs.values()) dialog.byeAtMs ??= ledger.nowMs;
      break;
  }
}
