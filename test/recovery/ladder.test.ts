import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rungs, usableRung } from '../../core/recovery/ladder.ts';

const test = suite('The ladder of heals');

/** The rungs that a peer is tried on, one after another. */
function walk(allowsUpdate: boolean, hasSession: boolean, allowsReplaces = false): string[] {
  const reach = { allowsUpdate, hasSession, allowsReplaces };
  const names: string[] = [];
  for (let rung = usableRung(0, reach); rung !== -1; rung = usableRung(rung + 1, reach)) {
    const { method, offer, replaces } = rungs[rung] ?? { method: '', offer: false, replaces: false };
    names.push(replaces ? `${method} with Replaces` : offer ? `${method} with the offer` : method);
  }
  return names;
}

test('goes from UPDATE over UPDATE with the unchanged offer to re-INVITE', () => {
  assert.equal(walk(true, true), ['UPDATE', 'UPDATE with the offer', 'INVITE with the offer']);
});

test('ends with INVITE with Replaces, where both ends have it', () => {
  assert.is(walk(true, true, true).at(-1), 'INVITE with Replaces');
  assert.equal(walk(true, false, true), ['UPDATE'], 'which carries an offer as well');
});

test('leaves out what carries an offer when there is no session description', () => {
  assert.equal(walk(true, false), ['UPDATE']);
});

test('leaves out UPDATE for a peer that does not allow it', () => {
  assert.equal(walk(false, true), ['INVITE with the offer']);
});

test('has nothing for a peer without UPDATE and a dialog without a session description', () => {
  assert.equal(walk(false, false), []);
});

test.run();
