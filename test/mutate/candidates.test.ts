import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { candidates } from './candidates.ts';
import { changeOf, mutated, mutationKinds } from './mutation.ts';

const test = suite('Mutations of a file');

function changes(text: string): string[] {
  return candidates('core/x.js', text).map((mutation) => `${mutation.kind}: ${changeOf(text, mutation)}`);
}

function results(text: string): string[] {
  return candidates('core/x.js', text).map((mutation) => mutated(text, mutation));
}

test('conditions are negated', () => {
  assert.equal(results('function f(a) { if (a) { for (; a;) while (a) return a ? 1 : 2; } }'), [
    'function f(a) { if (!(a)) { for (; a;) while (a) return a ? 1 : 2; } }',
    'function f(a) { if (a) { for (; !(a);) while (a) return a ? 1 : 2; } }',
    'function f(a) { if (a) { for (; a;) while (!(a)) return a ? 1 : 2; } }',
    'function f(a) { if (a) { for (; a;) while (a) return !(a) ? 1 : 2; } }',
  ]);
});

test('operators become their neighbours', () => {
  assert.equal(changes('const f = (a, b) => a && b || a < b || a >= b || a === b || a !== b;').sort(), [
    'bound: <  →  <=',
    'bound: >=  →  >',
    'equal: !==  →  ===',
    'equal: ===  →  !==',
    'swap: &&  →  ||',
    'swap: ||  →  &&',
    'swap: ||  →  &&',
    'swap: ||  →  &&',
    'swap: ||  →  &&',
  ]);
});

test('statements are dropped, and functions that give nothing return at once', () => {
  assert.equal(results('class X { m() { this.a(); this.b = 1; } n() { this.a(); return 1; } }'), [
    'class X { m() { return; this.a(); this.b = 1; } n() { this.a(); return 1; } }',
    'class X { m() { ; this.b = 1; } n() { this.a(); return 1; } }',
    'class X { m() { this.a(); ; } n() { this.a(); return 1; } }',
    'class X { m() { this.a(); this.b = 1; } n() { ; return 1; } }',
  ]);
});

test('a return of a function within is not the function’s own', () => {
  assert.ok(
    changes('function f(a) { a.map((x) => { return x; }); a.b(); }').includes('return: return at the beginning'),
  );
});

test('of a constructor and of a file’s top only what runs later is changed', () => {
  assert.equal(
    changes(
      'go(); class X { constructor(a) { this.a = a; if (a) this.b = a && 1; this.c = a.on(() => { a.d(); }); } }',
    ),
    ['drop: drop a.d();'],
  );
});

test('nothing in comments and strings is touched', () => {
  assert.equal(changes('// if (a) b();\nconst f = () => "a && b" /* a < b */;'), []);
});

test('each kind is there, in code that is built', () => {
  const text = 'function f(a, b) { if (a && b) a.b(); a < b; a === b; }';
  assert.equal([...new Set(candidates('core/x.js', text).map(({ kind }) => kind))].sort(), [...mutationKinds].sort());
});

test.run();
