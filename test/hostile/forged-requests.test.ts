import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { DialogRecord } from '../../core/index.ts';
import { assertCounted, type Battlefield, heldOctets, hosts, onBattlefield, sum, until } from './battlefield.ts';
import { forgedRequest, healing } from './forgery.ts';

const test = suite('Forged requests in dialogs, while routes die and dialogs heal');

const challenge = { realm: 'sipmend.example', users: { far: 'secret' } };
const wrongProof =
  'Authorization: Digest realm="sipmend.example", username="far", nonce="0-0-0", uri="sip:x", qop=auth, nc=00000001, cnonce="c", response="0", algorithm=MD5';
const fresh = 1_000_000;

/** What a forger sends, by the counter under which it is refused. */
function forgeries(dialogs: readonly DialogRecord[]): readonly (readonly [string, string])[] {
  return dialogs.flatMap((dialog) => [
    ['refused481', forgedRequest(dialog, 'UPDATE', { cseq: fresh, tag: 'guessed', lines: healing })],
    ['refused481', forgedRequest(dialog, 'BYE', { cseq: fresh, tag: 'guessed' })],
    ['refused500', forgedRequest(dialog, 'BYE', { cseq: 1 })],
    ['refused500', forgedRequest(dialog, 'INVITE', { cseq: 1, lines: healing })],
    ['refused401', forgedRequest(dialog, 'UPDATE', { cseq: fresh, lines: healing })],
    ['refused401', forgedRequest(dialog, 'INVITE', { cseq: fresh, lines: [...healing, wrongProof] })],
  ]);
}

async function recordsOf(field: Battlefield): Promise<DialogRecord[]> {
  return Promise.all(field.pairs.map(({ near }) => near.export()));
}

/** So few places that any forger could fill them, if what is refused took one. */
const near = { recovery: { challenge }, limits: { dialogs: 512, transactions: 2_048 } } as const;

test('UDP: whether tags are guessed or known, sequences old or fresh: no route moves, and each is counted', () =>
  onBattlefield({ protocol: 'udp', dialogs: 200, near }, async (field) => {
    await field.verify(); // each peer has a sequence now
    const [before, held] = [await field.near.counters(), heldOctets()];
    const all = forgeries((await recordsOf(field)).slice(0, 50));
    const messages = all.map(([, text]) => text);
    const attack = await field.attack({ kind: 'datagrams', messages });
    await field.rollRoutes();
    await until('all of them were sent', async () => sum((await attack.tell()).sent) > 2 * messages.length);
    const deeds = await attack.stop();
    const counted = await field.countersSince(before);
    await field.verify();
    for (const counter of ['refused481', 'refused500', 'refused401'] as const) {
      const sent = all.reduce(
        (total, [name], place) => (name === counter ? total + (deeds.sent[place] ?? 0) : total),
        0,
      );
      assertCounted(counted[counter], sent, deeds, counter);
      assert.ok(
        field.reports.some((report) => report.counter === counter && report.source?.host === hosts.attackers[0]),
      );
    }
    assert.ok(counted.failedProofs > 0);
    assert.is(counted.refused503, 0, 'no dialog has gone without a place');
    assert.is(counted.refusedRoutes, 0, 'they were asked for a proof instead');
    assert.ok(heldOctets() - held < 32 * 1024 * 1024);
  }));

test('TCP: the same by connections of the forger’s own', () =>
  onBattlefield({ protocol: 'tcp', dialogs: 200, near }, async (field) => {
    await field.verify();
    const before = await field.near.counters();
    const all = forgeries((await recordsOf(field)).slice(0, 50));
    const attack = await field.attack({
      kind: 'connections',
      count: 20,
      messages: all.map(([, text]) => text.replace('/UDP', '/TCP')),
      reads: true,
      floods: true,
      again: true,
    });
    await field.rollRoutes();
    await until('enough were answered', async () => ((await attack.tell()).answers['481'] ?? 0) > 200);
    const { answers } = await attack.stop();
    await field.verify();
    const counted = await field.countersSince(before);
    for (const status of ['481', '500', '401'] as const) {
      const answered = answers[status] ?? 0;
      assert.ok(answered > 0 && counted[`refused${status}`] >= answered, `${status}: ${answered} answers`);
    }
  }));

test('without a challenge a forger who knows the tags moves no route either, and is told of', () =>
  onBattlefield({ protocol: 'udp', dialogs: 100 }, async (field) => {
    await field.verify();
    const before = await field.near.counters();
    const forged = (await recordsOf(field)).map((dialog) =>
      forgedRequest(dialog, 'UPDATE', { cseq: (dialog.remoteSequenceNumber ?? 0) + 1, lines: healing }),
    );
    const attack = await field.attack({
      kind: 'datagrams',
      hosts: [hosts.attackers[0]],
      messages: forged,
    });
    await until('all of them were sent', async () => sum((await attack.tell()).sent) > 2 * forged.length);
    await attack.stop();
    await field.rollRoutes();
    // The forger has used numbers that the peers had still to use: a heal each, and they are past them.
    await Promise.allSettled(field.pairs.map(({ far }) => far.heal()));
    await field.verify();
    const { refusedRoutes, refused500 } = await field.countersSince(before);
    assert.is(refusedRoutes, forged.length, 'each dialog’s first; what came again was old');
    assert.ok(refused500 >= forged.length);
    assert.ok(
      field.reports.some(({ counter, reason }) => counter === 'refusedRoutes' && reason === 'Sender Not Trusted'),
    );
  }));

test.run();
