import { expect, it } from '@jest/globals';
import { RoutedCommands } from '../../src/redis/redis-commands.js';
import type { RedisNode } from '../../src/redis/redis-node.js';
import type { Topology } from '../../src/redis/topology.js';
import { ManualClock } from '../support/manual-clock.js';

const reply = (message: string) => Object.assign(new Error(message), { name: 'ReplyError' });

/** A node that answers what the test has it answer, whatever it is asked. */
class Answering {
  asked = 0;
  constructor(private readonly answer: () => Promise<unknown>) {}
  ask(): Promise<unknown> {
    this.asked += 1;
    return this.answer();
  }
  get node(): RedisNode {
    return this as unknown as RedisNode;
  }
}

function commandsAt(topology: Partial<Topology>): RoutedCommands {
  const whole = { generationOf: () => 0, redirected: () => null, ...topology };
  return new RoutedCommands(whole as unknown as Topology, new Map(), new ManualClock());
}

it('so that it cannot follow the check of what lives there now', async () => {
  const answer = Promise.withResolvers<unknown>();
  let generation = 1;
  const commands = commandsAt({
    nodeOf: () => new Answering(() => answer.promise).node,
    generationOf: () => generation,
  });
  const asked = commands.text('x:{a}');
  generation = 2;
  answer.resolve('of before');
  await expect(asked).rejects.toMatchObject({ code: 'unavailable' });
  expect(await commands.text('x:{a}')).toBe('of before');
});

it.each(['MOVED 1 b:1', 'ASK 1 b:1'])('%s is followed once, and then it is unavailable', async (message) => {
  const there = new Answering(() => Promise.reject(reply(message)));
  const here = new Answering(() => Promise.reject(reply(message)));
  const commands = commandsAt({ nodeOf: () => here.node, redirected: () => there.node });
  await expect(commands.text('x:{a}')).rejects.toMatchObject({ code: 'unavailable' });
  expect([here.asked, there.asked]).toEqual([1, 1]);
});

it.each(['TRYAGAIN Multiple keys request during rehashing of slot', 'CLUSTERDOWN The cluster is down'])(
  '%s is unavailable, and asked of nobody else',
  async (message) => {
    const there = new Answering(() => Promise.resolve(null));
    const here = new Answering(() => Promise.reject(reply(message)));
    const commands = commandsAt({ nodeOf: () => here.node, redirected: () => there.node });
    await expect(commands.text('x:{a}')).rejects.toMatchObject({ code: 'unavailable' });
    expect([here.asked, there.asked]).toEqual([1, 0]);
  },
);

it('while nobody has said which node has what, everything is unavailable', async () => {
  const commands = commandsAt({ nodeOf: () => null, nodes: [] });
  await expect(commands.text('x:{a}')).rejects.toMatchObject({ code: 'unavailable' });
  expect(commands.healthy).toBe(false);
});
