import type { Application, SipError } from '../../core/index.ts';
import type { ShardStack } from '../../core/shard-worker.ts';

/*
 * An application that runs inside its shard: it answers calls, and INFOs with the number of dialogs of its shard and with its hops. MESSAGE has it call
 * whoever asks for it back, or with `busy` as its body go round for ever, once it has said so; an UPDATE with an offer kills its thread. JSON is a
 * dialog that it is to adopt.
 */

export function application(stack: ShardStack): Application {
  return {
    onCall: (call) => void call.answer({ body: 'v=0\r\n' }),
    onRequest: (request) => {
      if (request.method === 'UPDATE') process.exit(3);
      if (request.method === 'MESSAGE' && new TextDecoder().decode(request.body) === 'busy') {
        new BroadcastChannel('busy').postMessage(stack.locals);
        for (;;);
      }
      if (request.headers.some(({ value }) => value === 'application/json')) {
        const adopting = stack.adopt(JSON.parse(new TextDecoder().decode(request.body)));
        void adopting.then(
          () => request.respond(200, { headers: { 'X-Code': 'ok' } }),
          (error: SipError) => request.respond(200, { headers: { 'X-Code': error.code } }),
        );
        return;
      }
      void stack.counts().then(({ dialogs }) => {
        request.respond(200, {
          headers: { 'X-Dialogs': String(dialogs), 'X-Hops': stack.hops.map(({ uri }) => uri).join() },
        });
      });
      if (request.method === 'MESSAGE') void stack.invite(new TextDecoder().decode(request.body), { body: 'v=0\r\n' });
    },
  };
}
