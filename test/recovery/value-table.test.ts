import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Bed, bed, call, finish } from '../engine/bed.ts';
import { noted } from '../engine/world.ts';

const test = suite('The values of P-Dialog-Recovery-Action ([MS-SIPRE] §3.7.5.1, §3.7.5.3.1)');

interface Row {
  readonly ground: Bed;
  /** What the application saw, in order: outcomes, status events, and `refresh` when it is asked for its registration. */
  readonly seen: readonly string[];
  readonly heals: number;
  readonly infos: number;
  readonly recovered: boolean;
}

/** Two calls, and an INFO in the first that is answered once with a 430 that carries these header lines. */
async function row(lines: readonly string[]): Promise<Row> {
  const log: string[] = [];
  const ground = await bed({
    hops: 1,
    stack: {
      application: {
        ...noted(log),
        refreshRegistration: async () => {
          ground.log.push('refresh');
          return undefined;
        },
      },
    },
  });
  const first = await call(ground);
  const second = await call(ground);
  const { hop, clock } = ground;
  let fails = 1;
  hop.script = (request) => {
    if (request.method !== 'INFO' || fails-- <= 0) return false;
    hop.reply(request, 430, { reason: 'Flow Failed', headers: lines });
    return true;
  };
  ground.note('info', first.dialog.request('INFO'));
  await clock.run(100);
  const [heals, infos] = [hop.requests('UPDATE').length, hop.requests('INFO').length];
  const { status } = await ground.take(first.dialog.routeStatus());
  const seen = [...ground.seen(), ...log];
  await finish(ground, first.dialog, second.dialog);
  return { ground, seen, heals, infos, recovered: status === 'healthy' };
}

test('value table: Dialog-Route-Set-Update alone: heal, then send the request again; no event', async () => {
  for (const lines of [
    ['P-Dialog-Recovery-Action: Dialog-Route-Set-Update'],
    ['P-Dialog-Recovery-Action: dialog-route-set-update'],
    ['p-dialog-RECOVERY-action :  DIALOG-ROUTE-SET-UPDATE\t'],
    ['P-Dialog-Recovery-Action: Dialog-Route-Set-Update,Dialog-Route-Set-Update'],
  ]) {
    const { seen, heals, infos } = await row(lines);
    assert.equal([seen, heals, infos], [['info 200'], 1, 2], lines.join());
  }
});

test('value table: Registration- and Dialog-Route-Set-Update: fail, refresh the registration, then heal every dialog; nothing is sent again', async () => {
  for (const lines of [
    ['P-Dialog-Recovery-Action: Registration-Route-Set-Update, Dialog-Route-Set-Update'],
    ['P-Dialog-Recovery-Action: dialog-route-set-update ,registration-route-set-update'],
    ['P-Dialog-Recovery-Action: Registration-Route-Set-Update', 'P-Dialog-Recovery-Action: Dialog-Route-Set-Update'],
    ['P-Dialog-Recovery-Action: Registration-Route-Set-Update,\r\n Dialog-Route-Set-Update'],
  ]) {
    const { seen, heals, infos } = await row(lines);
    const expected = ['info failed 430 intermediary', 'refresh', 'recovering', 'healthy'];
    assert.equal([seen, heals, infos], [expected, 2, 1], lines.join());
  }
});

test('value table: Wait-For-Session-Update alone: fail, tell the status, and heal on; nothing is sent again', async () => {
  for (const lines of [
    ['P-Dialog-Recovery-Action: Wait-For-Session-Update'],
    ['P-Dialog-Recovery-Action: \t wait-FOR-session-update'],
  ]) {
    const { seen, heals, infos } = await row(lines);
    assert.equal([seen, heals, infos], [['info failed 430 intermediary', 'recovering', 'healthy'], 1, 1], lines.join());
  }
});

test('value table: Registration-Route-Set-Update alone: as with Dialog-Route-Set-Update beside it', async () => {
  const { seen, heals, infos } = await row(['P-Dialog-Recovery-Action: Registration-Route-Set-Update']);
  assert.equal([seen, heals, infos], [['info failed 430 intermediary', 'refresh', 'recovering', 'healthy'], 2, 1]);
});

test('value table: Wait-For-Session-Update with others: the active part of them, and the far end’s heal is taken as well', async () => {
  const both = ['P-Dialog-Recovery-Action: Wait-For-Session-Update, Dialog-Route-Set-Update'];
  const first = await row(both);
  assert.equal(
    [first.seen, first.heals, first.infos],
    [['info failed 430 intermediary', 'recovering', 'healthy'], 1, 1],
  );
  const second = await row([
    'P-Dialog-Recovery-Action: Wait-For-Session-Update',
    'P-Dialog-Recovery-Action: Registration-Route-Set-Update',
  ]);
  assert.equal(
    [second.seen, second.heals, second.infos],
    [['info failed 430 intermediary', 'refresh', 'recovering', 'healthy'], 2, 1],
  );
});

test('value table: only unknown tokens: a bare 430, which concerns its request alone', async () => {
  for (const value of ['X-Other', 'Route-Set-Update, Session-Update', 'Dialog-Route-Set-Updates']) {
    const { seen, heals, infos, recovered } = await row([`P-Dialog-Recovery-Action: ${value}`]);
    assert.equal([seen, heals, infos, recovered], [['info failed 430 intermediary'], 0, 1, true], value);
  }
});

test('value table: header absent: RFC 5626’s 430, treated as 400 (§11.5)', async () => {
  for (const lines of [[], ['P-Dialog-Recovery: Dialog-Route-Set-Update'], ['P-Dialog-Recovery-Action:']]) {
    const { seen, heals, infos, recovered } = await row(lines);
    assert.equal([seen, heals, infos, recovered], [['info failed 430 intermediary'], 0, 1, true], lines.join());
  }
});

test.run();
