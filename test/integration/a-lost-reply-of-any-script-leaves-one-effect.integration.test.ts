import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BatonError } from '../../src/lib/baton-error.js';
import type { RedisConnection } from '../../src/redis/redis-connection.js';
import type { ScriptName } from '../../src/redis/redis-ports.js';
import { loadScripts } from '../../src/redis/scripts.js';
import { eventually } from '../support/eventually.js';
import { Conversation, undisturbed, type Outcome } from '../support/faults/conversation.js';
import { PodsHere } from '../support/faults/pods-here.js';
import { ReplyDropper, type Aftermath } from '../support/faults/reply-dropper.js';
import { Corner, scriptCases } from '../support/faults/script-cases.js';
import { redisAdmin } from '../support/redis-admin.js';
import { connectRedis } from '../support/redis-connection.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis();
const aftermaths = ['cut', 'half-open'] as const;
let dropper: ReplyDropper;
let admin: ReturnType<typeof redisAdmin>;

beforeAll(async () => {
  dropper = await ReplyDropper.start(redis.url);
  admin = redisAdmin(redis.url);
});
afterAll(async () => {
  admin.disconnect();
  await dropper.stop();
});

/** The answer of the call, or of its repeat if all that is known of the first is that nobody knows. */
async function answerOf(call: () => Promise<unknown>, connection: RedisConnection): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    expect(error).toBeInstanceOf(BatonError);
    expect((error as BatonError).code).toBe('unavailable');
    expect((error as BatonError).retryAfterMs).toBeGreaterThan(0);
  }
  await eventually('Redis to be reached again', async () => (await connection.commands.exist(['x'])).length === 1);
  return call();
}

async function lose(script: ScriptName, aftermath: Aftermath): Promise<void> {
  const { prepare, call, answer: expectedAnswer, effect, expected } = scriptCases[script];
  const keyPrefix = redis.keyPrefix();
  const connection = await connectRedis(dropper.url, keyPrefix, { commandTimeoutMs: 300, canaryMs: 60_000 });
  try {
    const corner = new Corner(connection, keyPrefix, admin);
    await prepare?.(corner);
    const droppedBefore = dropper.dropped;
    dropper.dropReplyOf(script, aftermath);
    const answer = await answerOf(() => call(corner), connection);
    expect(dropper.dropped).toBe(droppedBefore + 1);
    expect([answer]).toMatchObject([expectedAnswer]);
    expect(await effect(corner)).toEqual(expected);
  } finally {
    connection.close();
  }
}

describe('when the reply is lost, the effect is there once and the caller is told, or told to ask again:', () => {
  it('every script has its case', () => {
    expect(Object.keys(scriptCases).toSorted()).toEqual([...loadScripts().keys()].toSorted());
  });
  it.each(Object.keys(scriptCases).flatMap((script) => aftermaths.map((aftermath) => [script, aftermath] as const)))(
    '%s, connection %s',
    async (script, aftermath) => {
      await lose(script as ScriptName, aftermath);
    },
  );
});

/** What is called while clients and a backend talk. */
const spoken = ['append', 'read', 'claim', 'index-sessions', 'session-data', 'end-session', 'detach'] as const;

describe('a conversation over two pods goes on as if nothing had happened when a reply is lost:', () => {
  const told = new Map<Aftermath, Promise<ReadonlyMap<string, Outcome>>>();
  const cleanUps: (() => Promise<void>)[] = [];

  const conversations = async (aftermath: Aftermath): Promise<ReadonlyMap<string, Outcome>> => {
    const way = await ReplyDropper.start(redis.url);
    const pods = await PodsHere.install({ url: way.url, keyPrefix: redis.keyPrefix() });
    cleanUps.push(async () => {
      await pods.close();
      await way.stop();
    });
    await Promise.all(['a', 'b'].map((name) => pods.start(name, { BATON_REDIS_COMMAND_TIMEOUT_MS: '500' })));
    const outcomes = new Map<string, Outcome>();
    for (const script of spoken) {
      const conversation = new Conversation(pods, script);
      // The second, where there are several: the first is that of the witness.
      way.dropReplyOf(script, aftermath, ['append', 'read', 'claim', 'index-sessions'].includes(script) ? 1 : 0);
      for (const step of Object.values(conversation.steps)) await step();
      outcomes.set(script, await conversation.end());
      await eventually('`bye` to have ended the session', () => conversation.isGone());
      await eventually(`a reply of ${script} to have been dropped`, () => way.hasDropped);
    }
    return outcomes;
  };
  beforeAll(async () => {
    for (const aftermath of aftermaths) told.set(aftermath, conversations(aftermath));
    await Promise.allSettled(told.values());
  }, 60_000);
  afterAll(async () => {
    for (const cleanUp of cleanUps) await cleanUp();
  });

  it.each(aftermaths)('connection %s', async (aftermath) => {
    const outcomes = (await told.get(aftermath)) ?? new Map<string, Outcome>();
    expect([...outcomes.keys()]).toEqual(spoken);
    for (const [script, outcome] of outcomes) expect({ script, ...outcome }).toEqual({ script, ...undisturbed });
  });
});
