import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { histogramOf } from '../../../bench/html/chart.ts';
import { htmlOf } from '../../../bench/html/page.ts';
import { thisMachine } from '../../../bench/machine.ts';

const test = suite('Pages of reports');

const page = htmlOf({
  title: 'a <b> & c',
  machine: thisMachine(),
  parameters: { dialogs: 5, json: undefined },
  summary: '  healed  5',
  charts: [
    {
      title: 'Time to heal',
      kind: 'lines',
      x: { name: '</script>', values: [1, 2] },
      y: 'dialogs',
      lines: [{ name: 'healed', values: [3, null] }],
    },
  ],
});

test('a page needs no network: what draws is in it', () => {
  assert.match(page, 'uPlot');
  assert.not.match(page, /(src|href)=/);
});

test('text stays text', () => {
  assert.match(page, '<h1>a &#60;b&#62; &#38; c</h1>');
  assert.is(page.match(/<\/script>/g)?.length, 2);
  assert.not.match(page, '<dt>json</dt>');
});

test('the values of charts are in it as they are', () => {
  const [, json] = /id="charts">(.*?)<\/script>/.exec(page) ?? [];
  const [chart] = JSON.parse(json ?? '[]') as { readonly x: unknown; readonly lines: unknown }[];
  assert.equal(chart?.x, { name: '</script>', values: [1, 2] });
  assert.equal(chart?.lines, [{ name: 'healed', values: [3, null] }]);
});

test('a histogram counts every sample once', () => {
  assert.equal(histogramOf([0, 1, 2, 3, 4], 2), { from: [0, 2], counts: [2, 3] });
  assert.equal(histogramOf([7, 7], 2).counts, [2, 0]);
});

test.run();
