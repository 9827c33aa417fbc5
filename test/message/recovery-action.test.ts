import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { response, scanned } from './sample.ts';

const test = suite('P-Dialog-Recovery-Action (MS-SIPRE §2.2.18)');

/** Presence and the actions that were found. */
function read(value: string | string[], name = 'P-Dialog-Recovery-Action'): string {
  const { recoveryAction } = scanned(response('SIP/2.0 430 Flow Failed', { [name]: value }));
  const { presence, registration, dialog, wait, other } = recoveryAction;
  const found = Object.entries({ registration, dialog, wait, other }).filter(([, there]) => there);
  return [presence, ...found.map(([action]) => action)].join(' ');
}

test('each action is known, in any case', () => {
  assert.is(read('Dialog-Route-Set-Update'), 'present dialog');
  assert.is(read('dialog-route-set-update', 'p-dialog-RECOVERY-action'), 'present dialog');
  assert.is(read('WAIT-FOR-SESSION-UPDATE'), 'present wait');
  assert.is(read('Registration-Route-Set-Update'), 'present registration');
});

test('several stand on one line or on several', () => {
  assert.is(read('Registration-Route-Set-Update, Dialog-Route-Set-Update'), 'present registration dialog');
  assert.is(read(['Registration-Route-Set-Update', 'Dialog-Route-Set-Update']), 'present registration dialog');
  assert.is(read(['wait-for-session-update ,x', 'y']), 'present wait other');
});

test('an action that we do not know is an extension', () => {
  assert.is(read('Something-Else'), 'present other');
  assert.is(read('Dialog-Route-Set-Update2'), 'present other');
});

test('none is absent, and what is no list of tokens is malformed', () => {
  assert.is(scanned(response('SIP/2.0 430 Flow Failed')).recoveryAction.presence, 'absent');
  assert.is(read(''), 'malformed');
  assert.is(read(','), 'malformed');
  assert.is(read('"Dialog-Route-Set-Update"'), 'malformed');
  assert.is(read(['Dialog-Route-Set-Update', 'two words']), 'malformed');
});

test.run();
