import { suite } from 'uvu';
import { figureBed, realGround, refusal, virtualGround } from './figure-bed.ts';

for (const [where, ground] of [
  ['in virtual time over UDP', () => virtualGround('udp')],
  ['in virtual time over TCP', () => virtualGround('tcp')],
  ['over real UDP', () => realGround('udp')],
  ['over real TCP', () => realGround('tcp')],
] as const) {
  const test = suite(`The figures of Session Dialog Resiliency, ${where}`);

  test('figure 1: a request that meets lost state is healed and sent again, and the application sees its success', async () => {
    const bed = await figureBed(ground(), { far: 'none' });
    bed.server.loseMemory();
    bed.sendInfo();
    await bed.until('INFO succeeded 200');
    bed.assertLog([
      'near > server INFO',
      'server > near 430 INFO Dialog-Route-Set-Update',
      'near > server UPDATE route-less',
      'server > far UPDATE route-less',
      'far > server 200 UPDATE',
      'server > near 200 UPDATE',
      'near > server INFO',
      'server > far INFO',
      'far > server 200 INFO',
      'server > near 200 INFO',
      'INFO succeeded 200',
    ]);
    await bed.finish();
  });

  test('figure 2a: the sender fails, then the status changes, then we heal for as long as it takes; the request is not sent again', async () => {
    const bed = await figureBed(ground(), { far: 'none' });
    bed.serverTap.cut(bed.farPort);
    await bed.turns();
    bed.sendInfo();
    await bed.until('server > near 430 UPDATE Wait-For-Session-Update');
    bed.nearClock.jump(2_000);
    await bed.until('server > near 430 UPDATE Wait-For-Session-Update', 2);
    bed.serverTap.mend(bed.farPort);
    bed.serverClock.advance(1_000);
    bed.nearClock.jump(4_000);
    await bed.until('healthy');
    bed.assertLog([
      'near > server INFO',
      'server > near 430 INFO Wait-For-Session-Update',
      'INFO failed 430 Flow Failed',
      'recovering',
      'near > server UPDATE route-less',
      'server > near 430 UPDATE Wait-For-Session-Update',
      'near > server UPDATE route-less',
      'server > near 430 UPDATE Wait-For-Session-Update',
      'near > server UPDATE route-less',
      'server > far UPDATE route-less',
      'far > server 200 UPDATE',
      'server > near 200 UPDATE',
      'healthy',
    ]);
    await bed.finish();
  });

  test('figure 2b: while we heal in vain, the far end heals the route; we answer 200 and the status changes', async () => {
    const bed = await figureBed(ground(), { far: 'maximum' });
    bed.serverTap.cut(bed.farPort);
    for (let probe = 0; probe < 5; probe++) {
      bed.farClock.jump(375);
      await bed.turns();
    }
    await bed.until('far recovering');
    bed.log.length = 0;
    bed.sendInfo();
    await bed.until('server > near 430 UPDATE Wait-For-Session-Update');
    bed.serverTap.mend(bed.farPort);
    bed.serverClock.advance(1_000);
    bed.farClock.jump(375);
    await bed.until('healthy');
    await bed.until('far healthy');
    bed.assertLog([
      'near > server INFO',
      'server > near 430 INFO Wait-For-Session-Update',
      'INFO failed 430 Flow Failed',
      'recovering',
      'near > server UPDATE route-less',
      'server > near 430 UPDATE Wait-For-Session-Update',
      'far > server UPDATE route-less',
      'server > near UPDATE route-less',
      'healthy',
      'near > server 200 UPDATE',
      'server > far 200 UPDATE',
      'far healthy',
    ]);
    await bed.finish();
  });

  test('figure 3: the session timer finds the break and its healing repairs it; no request of the application fails', async () => {
    const bed = await figureBed(ground(), { far: 'none', sessionIntervalS: 90 });
    bed.serverTap.cut(bed.farPort);
    await bed.turns();
    bed.onLine = (line) => {
      if (!line.startsWith('server > near 430')) return;
      bed.serverTap.mend(bed.farPort);
      bed.serverClock.advance(1_000);
    };
    bed.nearClock.jump(45_000);
    await bed.until('healthy');
    bed.assertLog([
      'near > server UPDATE',
      'server > near 430 UPDATE Wait-For-Session-Update',
      'recovering',
      'near > server UPDATE route-less',
      'server > far UPDATE route-less',
      'far > server 200 UPDATE',
      'server > near 200 UPDATE',
      'healthy',
    ]);
    await bed.finish();
  });

  test('figure 4: the response that the heal ends with is the sender’s error, with the 430 as its cause; no status event', async () => {
    for (const [status, reason] of [
      [488, 'Not Acceptable Here'],
      [580, 'Precondition Failure'],
      [603, 'Decline'],
    ] as const) {
      const bed = await figureBed(ground(), { far: 'none' });
      bed.server.loseMemory();
      bed.serverTap.answer = (text) => (text.startsWith('UPDATE ') ? refusal(text, status, reason) : undefined);
      bed.sendInfo();
      await bed.until(`INFO failed ${status} ${reason} because of 430 Flow Failed`);
      await bed.turns();
      bed.assertLog([
        'near > server INFO',
        'server > near 430 INFO Dialog-Route-Set-Update',
        'near > server UPDATE route-less',
        `server > near ${status} UPDATE`,
        `INFO failed ${status} ${reason} because of 430 Flow Failed`,
      ]);
      bed.serverTap.answer = () => undefined;
      await bed.finish();
    }
  });

  test.run();
}
