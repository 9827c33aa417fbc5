import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HealWindow } from '../../core/recovery/heal-window.ts';

const test = suite('The window of heals by one hop');

const ceiling = 64;

/** Fills a window. */
function filled(window = new HealWindow(), max = ceiling): HealWindow {
  while (window.taken < Math.floor(window.size(max))) window.begin();
  return window;
}

/** All that is under way ends like this; places that cool are free then. */
function endAll(window: HealWindow, how: 'healed' | 'refused' | 'other', max = ceiling): void {
  for (let left = window.taken; left > 0; left--) window.end(how, max);
  window.cool();
}

test('is wide open at first, and stays so while heals come through', () => {
  const window = filled();
  assert.is(window.taken, ceiling);
  endAll(window, 'healed');
  assert.is(window.taken, 0);
  assert.is(window.size(ceiling), ceiling);
});

test('is halved once a window, however many of it are refused, and never below 4', () => {
  const window = new HealWindow();
  const sizes: number[] = [];
  for (let round = 0; round < 6; round++) {
    endAll(filled(window), 'refused');
    sizes.push(window.size(ceiling));
  }
  assert.equal(sizes, [32, 16, 8, 4, 4, 4]);
});

test('counts what was under way as it was halved as sent before', () => {
  const window = filled();
  window.end('refused', ceiling);
  window.cool();
  for (let left = 40; left > 0; left--) window.end('healed', ceiling);
  window.begin(); // 23 of the old window are under way still
  assert.is(window.size(ceiling), 32);
  for (let left = 23; left > 0; left--) window.end('refused', ceiling);
  assert.is(window.size(ceiling), 32);
  window.end('refused', ceiling);
  assert.is(window.size(ceiling), 16);
});

test('grows by a sixteenth of its ceiling with each window that comes through: back from 4 in 15', () => {
  const window = new HealWindow();
  for (let round = 0; round < 4; round++) endAll(filled(window), 'refused');
  let rounds = 0;
  for (; window.size(ceiling) < ceiling && rounds < 100; rounds++) endAll(filled(window), 'healed');
  assert.ok(rounds >= 14 && rounds <= 17, `${rounds}`);
});

test('neither grows nor shrinks by answers that say nothing of load', () => {
  const window = filled();
  endAll(window, 'other');
  assert.is(window.size(ceiling), ceiling);
  endAll(filled(window), 'refused');
  endAll(filled(window), 'other');
  assert.is(window.size(ceiling), 32);
});

test('the place of a refused heal is free when it has cooled', () => {
  const window = filled();
  window.end('refused', ceiling);
  assert.is(window.taken, ceiling);
  window.cool();
  assert.is(window.taken, ceiling - 1);
});

test('a late heal takes no place, but holds its hop until it ends; without any word it halves the window, once', () => {
  const window = filled();
  window.becomeLate(false, ceiling);
  assert.equal([window.taken, window.held, window.size(ceiling)], [63, 64, 64]);
  for (let left = 63; left > 0; left--) window.becomeLate(true, ceiling);
  assert.equal([window.taken, window.held, window.size(ceiling)], [0, 64, 32]);
  for (let left = 64; left > 0; left--) window.endLate();
  assert.is(window.held, 0);
});

test('one heal that is left without a word is enough', () => {
  const window = new HealWindow();
  window.begin();
  window.becomeLate(true, ceiling);
  assert.is(window.size(ceiling), 32);
});

test('whatever its ceiling, one heal may go', () => {
  const window = new HealWindow();
  for (let round = 0; round < 3; round++) endAll(filled(window, 1), 'refused', 1);
  assert.is(window.size(1), 1);
});

test.run();
