import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { dialog, firstRoute, secondRoute, ToldEngine } from './told-engine.ts';

const test = suite('What the model of recovery complains of');

const wait = { headers: ['P-Dialog-Recovery-Action: Wait-For-Session-Update'] };
const mend = { headers: ['P-Dialog-Recovery-Action: Dialog-Route-Set-Update'] };

function complaintsOf(happen: (engine: ToldEngine) => void, engine = new ToldEngine()): readonly string[] {
  happen(engine);
  return engine.complaints;
}

function isTold(complaints: readonly string[], what: RegExp): void {
  assert.is(complaints.length, 1, complaints.join('; ') || 'nothing');
  assert.match(complaints[0] ?? '', what);
}

/** The slow path up to its heal, with CSeq 3. */
function breakSlowly(engine: ToldEngine): void {
  const branch = engine.inform(1, 2);
  engine.step(
    [engine.response(430, 'INFO', 2, { branch, ...wait })],
    [engine.result(1, 430), engine.status('recovering'), engine.heal(3)],
  );
}

test('nothing, when a route breaks and is healed as it should (figure 2a)', () => {
  const complaints = complaintsOf((engine) => {
    breakSlowly(engine);
    engine.step([engine.healed(3)], [engine.status('healthy')]);
    engine.pass(10);
    const branch = engine.inform(2, 4, secondRoute);
    engine.step([engine.response(200, 'INFO', 4, { branch })], [engine.result(2)]);
  });
  assert.equal(complaints, []);
});

test('nothing, when a request is mended quickly (figure 1)', () => {
  const complaints = complaintsOf((engine) => {
    const branch = engine.inform(1, 2);
    engine.step([engine.response(430, 'INFO', 2, { branch, ...mend })], [engine.heal(3)]);
    engine.step([engine.healed(3)], [engine.request('INFO', 4, { branch: 'again', route: secondRoute })]);
    engine.step([engine.response(200, 'INFO', 4, { branch: 'again' })], [engine.result(1)]);
  });
  assert.equal(complaints, []);
});

test('nothing, when an offer that waited for a heal goes out by the route that is told to be broken', () => {
  const complaints = complaintsOf((engine) => {
    const branch = engine.inform(1, 2);
    engine.step([engine.response(430, 'INFO', 2, { branch, ...mend })], [engine.heal(3)]);
    engine.step([engine.ask(2, 'INVITE', 'v=1')], []);
    engine.step([engine.response(491, 'UPDATE', 3, { branch: 'heal-3' })], []);
    engine.pass(4000);
    engine.step(
      [],
      [
        engine.result(1, 430),
        engine.status('recovering'),
        engine.request('INVITE', 4, { route: firstRoute, body: 'v=1' }),
      ],
    );
  });
  assert.equal(complaints, []);
});

test('nothing, when the first of two branches that answered at once is healed as the program asks', () => {
  const complaints = complaintsOf(
    (engine) => engine.step([engine.askHeal(2)], [engine.heal(2)]),
    new ToldEngine({}, 'others'),
  );
  assert.equal(complaints, []);
});

test('nothing, when the heal that is to bring an ACK through waits for hops that want to be left alone', () => {
  const complaints = complaintsOf((engine) => {
    for (let copy = 0; copy < 3; copy++) engine.step([engine.callAnswer()], []);
    engine.pass(20_000);
    engine.step([], [engine.heal(2)]);
  });
  assert.equal(complaints, []);
});

test('nothing, when a request is sent again behind a heal that looks like it', () => {
  const complaints = complaintsOf((engine) => {
    const route = firstRoute;
    const headers = ['Contact: <sip:us@10.0.1.1>', 'Supported: ms-dialog-route-set-update'];
    engine.step([engine.askHeal(1)], [engine.heal(2)]);
    engine.step([engine.response(404, 'UPDATE', 2, { branch: 'heal-2' })], [engine.heal(3, { route })]);
    engine.step([engine.response(491, 'UPDATE', 3, { branch: 'heal-3' })], []);
    engine.step([engine.ask(2, 'UPDATE')], [engine.request('UPDATE', 4, { branch: 'wish', route, headers })]);
    engine.step([engine.response(491, 'UPDATE', 4, { branch: 'wish' })], []);
    engine.pass(2500);
    engine.step([], [engine.heal(5, { route })]);
    engine.step([engine.response(200, 'UPDATE', 5, { branch: 'heal-5' })], []);
    engine.step([], [engine.heal(6, { route })]);
    const later = { branch: 'heal-6', headers: ['Retry-After: 6'] };
    engine.step([engine.response(500, 'UPDATE', 6, later)], []);
  });
  assert.equal(complaints, []);
});

test('nothing, when a heal that may have been given up is the younger word than a re-INVITE that is answered late', () => {
  const complaints = complaintsOf((engine) => {
    const route = '<sip:10.0.0.1:5060;lr;by=third>';
    const headers = [`Record-Route: ${route}`, 'Contact: <sip:peer@10.0.2.2>', 'Supported: ms-dialog-route-set-update'];
    engine.step([engine.askHeal(1)], [engine.heal(2)]);
    engine.pass(3000);
    engine.step([engine.asked('UPDATE', 1, { headers })], [engine.answered(200, 'UPDATE', 1)]);
    engine.step([engine.asked('INVITE', 2, { headers })], []);
    engine.pass(500);
    engine.step([engine.healed(2)], []);
    engine.step([], [engine.answered(200, 'INVITE', 2)]);
    engine.inform(2, 3, secondRoute);
  });
  assert.equal(complaints, []);
});

test('nothing, when what waits for a heal fails with a request that the peer was to be asked about for too long', () => {
  const complaints = complaintsOf((engine) => {
    const route = firstRoute;
    engine.step([engine.ask(1, 'INFO', undefined, true)], [engine.request('INFO', 2, { branch: 'first', route })]);
    engine.pass(1000);
    engine.step(
      [engine.ask(2, 'UPDATE', 'v=1')],
      [engine.request('UPDATE', 3, { branch: 'second', route, body: 'v=1' })],
    );
    engine.step([engine.response(430, 'INFO', 2, { branch: 'first', ...mend })], [engine.heal(4)]);
    engine.pass(2000);
    engine.step([engine.response(430, 'UPDATE', 3, { branch: 'second', ...mend })], []);
    engine.step([engine.response(491, 'UPDATE', 4, { branch: 'heal-4' })], [engine.heal(5)]);
    engine.pass(2000);
    engine.step([], [engine.result(1, 430), engine.result(2, 430), engine.status('recovering')]);
  });
  assert.equal(complaints, []);
});

test('nothing, when the younger of two requests that look the same has its turn after glare first', () => {
  const complaints = complaintsOf((engine) => {
    const route = firstRoute;
    const glare = (cseq: number): void =>
      engine.step([engine.response(491, 'UPDATE', cseq, { branch: `${cseq}` })], []);
    const again = (cseq: number) => engine.request('UPDATE', cseq, { branch: `${cseq}`, route });
    engine.step([engine.ask(1, 'UPDATE')], [again(2)]);
    glare(2);
    for (const cseq of [3, 4]) {
      engine.pass(3000);
      engine.step([], [again(cseq)]);
      glare(cseq);
    }
    engine.step([engine.ask(2, 'UPDATE')], [again(5)]);
    glare(5);
    engine.pass(3000);
    engine.step([], [again(6)]);
    glare(6);
    engine.step([], [again(7)]);
    engine.step([engine.response(491, 'UPDATE', 7, { branch: '7' })], [engine.result(1, 491)]);
  });
  assert.equal(complaints, []);
});

test('a route that is told to be broken without a cause', () => {
  isTold(
    complaintsOf((engine) => engine.step([], [engine.status('recovering')])),
    /^tells recovering \(response\) without a cause/,
  );
});

test('a request that is not sent, since its hop is held for dead, though something has just come from it', () => {
  const complaints = complaintsOf((engine) => {
    const branch = engine.inform(1, 2);
    const answer = engine.response(200, 'INFO', 2, { branch });
    const content = { contentType: undefined, body: undefined, headers: [] };
    const wish = { name: 'request', id: 2, dialog: dialog.id, method: 'INFO', content, confirm: false } as const;
    engine.step(
      [answer, engine.command(wish)],
      [engine.result(1), engine.result(2, 503, 'local'), engine.status('recovering', 'flow-lost')],
    );
  });
  isTold(complaints, /^INFO 0 fails with 503, though its hop lives/);
});

test('a broken route of which nobody is told', () => {
  const complaints = complaintsOf((engine) => {
    const branch = engine.inform(1, 2);
    engine.step([engine.response(503, 'INFO', 2, { branch })], [engine.result(1, 503)]);
  });
  isTold(complaints, /^stays silent: status recovering is due/);
});

test('a status that is told before the rejection that it belongs to', () => {
  const complaints = complaintsOf((engine) => {
    const branch = engine.inform(1, 2);
    const answer = engine.response(430, 'INFO', 2, { branch, ...wait });
    engine.step([answer], [engine.status('recovering'), engine.result(1, 430)]);
  });
  isTold(complaints, /^tells status recovering before result/);
});

test('a heal that is sent before the program is told', () => {
  const complaints = complaintsOf((engine) => {
    const branch = engine.inform(1, 2);
    const answer = engine.response(430, 'INFO', 2, { branch, ...wait });
    engine.step([answer], [engine.heal(3), engine.result(1, 430), engine.status('recovering')]);
  });
  isTold(complaints, /^heals before it has told whom it must tell/);
});

test('a rejection where the route could have been mended quickly', () => {
  const complaints = complaintsOf((engine) => {
    const branch = engine.inform(1, 2);
    const answer = engine.response(430, 'INFO', 2, { branch, ...mend });
    engine.step([answer], [engine.result(1, 430), engine.status('recovering')]);
  });
  isTold(complaints, /^INFO 2 fails with 430 before the heal has had its time/);
});

test('a healed route of which nobody is told', () => {
  const complaints = complaintsOf((engine) => {
    breakSlowly(engine);
    engine.step([engine.healed(3)], []);
  });
  isTold(complaints, /^stays silent: status healthy is due/);
});

test('a request by the old route, after a heal has brought another', () => {
  const complaints = complaintsOf((engine) => {
    breakSlowly(engine);
    engine.step([engine.healed(3)], [engine.status('healthy')]);
    engine.inform(2, 4, firstRoute);
  });
  isTold(complaints, /^sends INFO 4 by \[.*by=first\], its route is \[.*by=second\]/);
});

test('a request by the route of a re-INVITE that a younger refresh had overtaken when it was accepted', () => {
  const complaintsWith = (route: string): readonly string[] =>
    complaintsOf((engine) => {
      const bringing = (recordRoute: string) => ({
        headers: [`Record-Route: ${recordRoute}`, 'Supported: ms-dialog-route-set-update'],
      });
      engine.step([engine.asked('INVITE', 1, bringing(firstRoute))], []);
      engine.step([engine.asked('UPDATE', 2, bringing(secondRoute))], [engine.answered(200, 'UPDATE', 2)]);
      engine.step([], [engine.answered(200, 'INVITE', 1)]);
      engine.inform(1, 2, route);
    });
  assert.equal(complaintsWith(secondRoute), []);
  isTold(complaintsWith(firstRoute), /^sends INFO 2 by \[.*by=first\], its route is \[.*by=second\]/);
});

test('a request that the slow path sends again', () => {
  const complaints = complaintsOf((engine) => {
    breakSlowly(engine);
    engine.step(
      [engine.healed(3)],
      [engine.status('healthy'), engine.request('INFO', 4, { branch: 'again', route: secondRoute })],
    );
  });
  isTold(complaints, /^sends INFO 4, for which nobody asked/);
});

for (const [name, cseq, part, what] of [
  ['with the old route set', 3, { route: `${firstRoute}, ${firstRoute}` }, /^heals by \[/],
  ['with a number that is not the next', 9, {}, /^heals with a number that is not 3/],
  ['with a session description that we never gave', 3, { body: 'v=1' }, /^heals with another offer/],
] as const) {
  test(`a heal ${name}`, () => {
    const complaints = complaintsOf((engine) => {
      const branch = engine.inform(1, 2);
      engine.step(
        [engine.response(430, 'INFO', 2, { branch, ...wait })],
        [engine.result(1, 430), engine.status('recovering'), engine.heal(cseq, part)],
      );
    });
    isTold(complaints, what);
  });
}

test('a heal before its time', () => {
  const complaints = complaintsOf((engine) => {
    breakSlowly(engine);
    engine.step([engine.response(503, 'UPDATE', 3, { branch: 'heal-3' })], []);
    engine.pass(500);
    engine.step([], [engine.heal(4)]);
  });
  isTold(complaints, /^heals 500 ms before its time/);
});

test('nothing, when what an older route was asked counts as no attempt of the next break', () => {
  const complaints = complaintsOf((engine) => {
    breakSlowly(engine);
    const headers = [`Record-Route: ${secondRoute}`, 'Supported: ms-dialog-route-set-update'];
    engine.step(
      [engine.asked('UPDATE', 1, { headers })],
      [engine.answered(200, 'UPDATE', 1), engine.status('healthy')],
    );
    const branch = engine.inform(2, 4, secondRoute);
    engine.step([engine.response(503, 'INFO', 4, { branch })], [engine.result(2, 503), engine.status('recovering')]);
    engine.step([engine.response(503, 'UPDATE', 3, { branch: 'heal-3' })], [engine.heal(5)]);
    engine.step([engine.response(503, 'UPDATE', 5, { branch: 'heal-5' })], []);
    engine.pass(1000);
    engine.step([], [engine.heal(6)]);
  });
  assert.equal(complaints, []);
});

/** The heal with this CSeq is sent, and refused after a while. */
function healInVain(engine: ToldEngine, cseq: number, ms: number): void {
  engine.step([], [engine.heal(cseq)]);
  engine.pass(ms);
  engine.step([engine.response(500, 'UPDATE', cseq, { branch: `heal-${cseq}` })], []);
}

/** Nothing happens for 20 s, then the heal with this CSeq is sent. */
function healLate(engine: ToldEngine, cseq: number): void {
  engine.pass(19_900);
  engine.step([], []);
  engine.pass(100);
  engine.step([], [engine.heal(cseq)]);
}

test('a heal long after its time', () => {
  const complaints = complaintsOf((engine) => {
    breakSlowly(engine);
    engine.step([engine.response(500, 'UPDATE', 3, { branch: 'heal-3' })], []);
    healLate(engine, 4);
  });
  isTold(complaints, /^heals with 4 16000 ms after its time/);
});

test('nothing, when heals come at long intervals after some that had slow answers', () => {
  const complaints = complaintsOf((engine) => {
    breakSlowly(engine);
    engine.pass(2000);
    engine.step([engine.response(500, 'UPDATE', 3, { branch: 'heal-3' })], []);
    for (const cseq of [4, 5, 6]) {
      engine.pass(60_000);
      healInVain(engine, cseq, 2000);
    }
    engine.pass(60_000);
    healInVain(engine, 7, 20);
    healLate(engine, 8);
  });
  assert.equal(complaints, []);
});

test('a second heal beside the first', () => {
  const complaints = complaintsOf((engine) => {
    breakSlowly(engine);
    engine.pass(200);
    engine.step([], [engine.heal(4)]);
  });
  isTold(complaints, /^heals with 4 while 3 is under way/);
});

test('a refresh or a heal without a cause', () => {
  isTold(
    complaintsOf((engine) => engine.step([], [engine.heal(2, { route: firstRoute })])),
    /^sends UPDATE 2 without a cause/,
  );
  isTold(
    complaintsOf((engine) => engine.step([], [engine.heal(2)])),
    /^heals with 2 without a cause/,
  );
});

test('nothing, when a heal stands beside a refresh that looks the same and is refused', () => {
  const complaints = complaintsOf((engine) => {
    const session = { headers: ['Session-Expires: 90;refresher=uac'], route: secondRoute };
    breakSlowly(engine);
    engine.step([engine.healed(3, session)], [engine.status('healthy')]);
    engine.pass(45_000);
    engine.step([], [engine.heal(4, session)]);
    engine.step([engine.command({ name: 'heal', id: 2, dialog: dialog.id })], [engine.heal(5, session)]);
    engine.step([engine.response(481, 'UPDATE', 4, { branch: 'heal-4' })], [engine.status('recovering')]);
    engine.step([engine.healed(5, session)], [engine.status('healthy')]);
  });
  assert.equal(complaints, []);
});

test('nothing, when a refresh comes before the second try of an UPDATE that looks the same', () => {
  const complaints = complaintsOf((engine) => {
    const session = { headers: ['Session-Expires: 90;refresher=uac'], route: secondRoute };
    breakSlowly(engine);
    engine.step([engine.healed(3, session)], [engine.status('healthy')]);
    engine.pass(44_000);
    engine.step([engine.ask(2, 'UPDATE')], [engine.heal(4, session)]);
    engine.step([engine.response(491, 'UPDATE', 4, { branch: 'heal-4' })], []);
    engine.pass(2200);
    engine.step([], [engine.heal(5, session)]);
    engine.step([engine.response(500, 'UPDATE', 5, { branch: 'heal-5', headers: ['Retry-After: 8'] })], []);
    engine.pass(200);
    engine.step([], [engine.heal(6, session)]);
    engine.step([engine.response(200, 'UPDATE', 6, { branch: 'heal-6', ...session })], [engine.result(2)]);
  });
  assert.equal(complaints, []);
});

test('nothing, when an UPDATE of the program waits beside a heal that looks the same', () => {
  const offer = { route: firstRoute, body: 'v=0' };
  const complaints = complaintsOf((engine) => {
    breakSlowly(engine);
    engine.step([engine.response(405, 'UPDATE', 3, { branch: 'heal-3' })], [engine.heal(4, { route: firstRoute })]);
    engine.step([engine.response(405, 'UPDATE', 4, { branch: 'heal-4' })], [engine.heal(5, offer)]);
    engine.step([engine.ask(2, 'UPDATE', offer.body)], []);
    engine.step([engine.response(491, 'UPDATE', 5, { branch: 'heal-5' })], []);
    engine.pass(2200);
    engine.step([], [engine.heal(6, offer)]);
    engine.step([engine.response(491, 'UPDATE', 6, { branch: 'heal-6' })], []);
    engine.pass(2200);
    engine.step([], [engine.heal(7, offer)]);
    engine.step([engine.healed(7)], [engine.status('healthy')]);
  });
  assert.equal(complaints, []);
});

test('a heal for want of the ACK to a re-INVITE, unless the peer has sent another one since', () => {
  const complaintsAfter = (cseq: number, status: number): readonly string[] =>
    complaintsOf((engine) => {
      engine.answer(200, 'INVITE', 1);
      engine.answer(status, 'INVITE', cseq);
      engine.pass(32_000);
      engine.step([], [engine.heal(2)]);
    });
  assert.equal(complaintsAfter(2, 491), []);
  isTold(complaintsAfter(2, 488), /^heals with 2 without a cause/);
});

test('a heal of a passive end that was told to wait', () => {
  const complaints = complaintsOf(breakSlowly, new ToldEngine({ passive: true }));
  isTold(complaints, /^heals although it leaves that to the far end/);
});

test('a dialog that ends without a cause', () => {
  isTold(
    complaintsOf((engine) => engine.step([], [engine.ended('does-not-exist', 'remote')])),
    /^ends \(remote does-not-exist\) without a cause/,
  );
  const expired = complaintsOf((engine) => {
    breakSlowly(engine);
    engine.step([], [engine.ended('session-expired', 'local')]);
  });
  isTold(expired, /^ends \(local session-expired\) without a cause/);
});

test('a success that nobody has answered', () => {
  const complaints = complaintsOf((engine) => {
    engine.inform(1, 2);
    engine.step([], [engine.result(1)]);
  });
  isTold(complaints, /^tells a success of INFO that nobody has answered/);
});

test.run();
