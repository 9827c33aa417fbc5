import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { svgOf } from '../../../bench/html/svg.ts';

const test = suite('Pictures of charts');

const picture = svgOf('a & b', [
  {
    title: 'Memory',
    kind: 'lines',
    x: { name: 'minutes', values: [0, 1, 2] },
    y: 'MB',
    lines: [
      { name: 'resident', values: [0, 4, 8] },
      { name: 'heap <old>', values: [1, null, 2] },
    ],
    marks: [{ x: 1, name: 'dead-hop A' }],
  },
]);

test('each line is one of its points, without those that are not there', () => {
  const lines = [...picture.matchAll(/points="([^"]*)"/g)].map(([, points]) => points?.split(' ').length);
  assert.equal(lines, [3, 2]);
});

test('the scale begins at 0 and ends above the largest value', () => {
  const [points = ''] = [...picture.matchAll(/points="([^"]*)"/g)].map(([, found]) => found);
  const heights = points?.split(' ').map((point) => Number(point.split(',')[1]));
  assert.equal(heights, [154, 94, 34]);
});

test('what was before 0 is left of it', () => {
  const x = { name: 'minutes', values: [-1, 0, 1] };
  const lines = [{ name: 'resident', values: [1, 1, 1] }];
  const early = svgOf('early', [{ title: 'Memory', kind: 'lines', x, y: 'MB', lines }]);
  const [, points = ''] = /points="([^"]*)"/.exec(early) ?? [];
  assert.equal(
    points.split(' ').map((point) => Number(point.split(',')[0])),
    [64, 454, 844],
  );
  assert.match(early, '<text x="454.0" y="170" text-anchor="middle" fill="#5b6577">0</text>');
});

test('text stays text, and marks are dashes', () => {
  assert.match(picture, 'a &#38; b');
  assert.match(picture, 'heap &#60;old&#62;');
  assert.is(picture.match(/stroke-dasharray/g)?.length, 1);
});

test('a chart without values can be drawn', () => {
  const empty = {
    title: 'x',
    kind: 'lines',
    x: { name: 's', values: [] },
    y: 'y',
    lines: [{ name: 'a', values: [] }],
  } as const;
  assert.not.match(svgOf('empty', [empty]), 'NaN');
});

test.run();
