import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineWorld } from '../fuzz/engine/engine-world.ts';
import { textOctets } from '../fuzz/octets-text.ts';
import { operationsOf } from '../fuzz/world/operations.ts';

const test = suite('Flows that are lost');

/** Plays a program of the fuzzer's, which sees that nothing is sent by a flow that is lost. */
function play(program: string): void {
  const operations = operationsOf(textOctets(program));
  const world = new EngineWorld(operations);
  world.run(operations);
  world.rest();
}

test('the ACK of a call that is over goes nowhere when its 2xx comes again and its flow is lost', () => {
  assert.not.throws(() => play('~scene out\n~tell release 0\n~lose hop\n~reply hop 200 0\n'));
  assert.not.throws(() =>
    play('~scene forked\n~lose hop\n~reply hop 200 0\n~reply hop 200 0\nTo: <sip:bob@10.0.0.2>;tag=fork\n'),
  );
});

test.run();
