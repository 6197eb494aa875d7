import { expect, it } from '@jest/globals';
import type { ConnectionRegistry, MovableConnection } from '../../src/connections/connection-registry.js';
import type { Fleet } from '../../src/fleet/fleet.js';
import { noOrchestrator } from '../../src/fleet/orchestrator.js';
import { HandOver } from '../../src/draining/hand-over.js';
import { ManualClock } from '../support/manual-clock.js';
import { podRow } from '../support/pod-rows.js';

it('a step of a hand-over that fails is logged, and the next one goes on', async () => {
  const asked: string[] = [];
  const logged: string[] = [];
  const note = (event: string) => void logged.push(event);
  const client = { id: 'one', tenant: 'acme', overlap: true, caughtUp: true, migrate: () => void asked.push('one') };
  let answers = 0;
  const receivers = [podRow('b')];
  const clock = new ManualClock();
  const handOver = new HandOver(
    { handOverMs: 40_000, pacePerReceiver: 500 },
    {
      fleet: {} as Fleet,
      peers: { receivers: () => receivers, pick: (wanted: number) => receivers.slice(0, wanted) },
      connections: { welcomed: () => [client as unknown as MovableConnection] } as unknown as ConnectionRegistry,
      pace: {
        take: (wanted) => {
          answers += 1;
          return answers === 1 ? Promise.reject(new TypeError('take-pace answered nonsense')) : Promise.resolve(wanted);
        },
      },
      orchestrator: noOrchestrator,
    },
    clock,
    { debug: note, info: note, warn: note, error: note },
  );
  for (let step = 0; step < 3; step += 1) {
    await handOver.step(30_000);
    clock.advance(100);
  }
  expect(logged).toEqual(['drain.step-failed']);
  expect(asked).toEqual(['one']);
});
