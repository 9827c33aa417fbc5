import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { scanned, update } from './sample.ts';

const test = suite('Session-Expires (RFC 4028 §4)');

function read(value: string | string[]): string {
  const { presence, seconds, refresher } = scanned(update({ 'Session-Expires': value })).sessionExpires;
  return `${presence} ${seconds} ${refresher}`;
}

test('seconds, and who refreshes', () => {
  assert.is(read('1800'), 'present 1800 undefined');
  assert.is(read('1800;refresher=uac'), 'present 1800 uac');
  assert.is(read('90 ; x="y;z" ; Refresher = UAS'), 'present 90 uas');
  assert.is(read('0'), 'present 0 undefined');
});

test('the compact form is x', () => {
  assert.is(scanned(update({ x: '4000;refresher=uas' })).sessionExpires.seconds, 4000);
});

test('none is absent', () => {
  const { presence, seconds } = scanned(update()).sessionExpires;
  assert.equal([presence, seconds], ['absent', 0]);
});

test('what breaks the grammar is malformed', () => {
  for (const value of [
    '',
    'x',
    '-1',
    '1800 refresher=uac',
    '1800;',
    '1800;refresher',
    '1800;refresher=both',
    '1800;refresher=uac;refresher=uac',
    '1800, 90',
    '4294967296',
    ['1800', '1800'],
  ]) {
    assert.is(read(value), 'malformed 0 undefined', `${value}`);
  }
});

test.run();
