import { RawClient } from '../raw-client.js';
import type { ServerFrame } from '../../../src/protocol/frames.js';
import { eventually } from '../eventually.js';
import { setting } from './block-mark.js';
import type { BlockRunner } from './block-runner.js';
import { framesOf } from './json-runners.js';
import type { PageStage } from './page-stage.js';

/** What is said over the connections of a page, and which random ids stand for those that the page shows. */
interface Conversation {
  readonly connections: Map<string, RawClient>;
  readonly ids: Map<string, string>;
  /** What blocks have shown already. Answers to different things come in any order. */
  readonly told: Set<ServerFrame>;
}

const conversations = new WeakMap<PageStage, Conversation>();

/** Values that differ from run to run; those of `ids` come again later. */
const ids: ReadonlySet<string> = new Set(['session', 'resume', 'id', 'prev']);
const any: ReadonlySet<string> = new Set(['pod', 'revision', 'since', 'expiresInMs', 'retryAfterMs']);

/** A conversation with a pod: frames of the client are sent, those of the service have to come, in this order. */
export const talkRunner: BlockRunner = {
  languages: ['json', 'text'],
  settings: ['from', 'on'],

  async run({ block, mark, stage }) {
    const here = await stage();
    const conversation = conversations.get(here) ?? { connections: new Map(), ids: new Map(), told: new Set() };
    conversations.set(here, conversation);
    const connection = await connectionOf(conversation, setting(mark, 'on', 'A'), here);
    if (block.language === 'text') await expectClose(connection, block.code);
    else if (setting(mark, 'from') === 'client') say(conversation, connection, block.code, here);
    else for (const text of framesOf(block.code)) await expectFrame(conversation, connection, text);
  },
};

async function connectionOf({ connections }: Conversation, name: string, stage: PageStage): Promise<RawClient> {
  const known = connections.get(name);
  if (known !== undefined) return known;
  const client = await RawClient.open(stage.placed('ws://localhost:8080/v1/connect'));
  connections.set(name, client);
  return client;
}

function say({ ids: known }: Conversation, connection: RawClient, code: string, stage: PageStage): void {
  for (const text of framesOf(code)) {
    const real = [...known].reduce((frame, [shown, id]) => frame.replaceAll(`"${shown}"`, `"${id}"`), text);
    connection.sendRaw(real.replace(/"token": *"[^"]*"/, `"token": "${stage.environment['TOKEN'] ?? ''}"`));
  }
}

async function expectFrame({ ids: known, told }: Conversation, connection: RawClient, text: string): Promise<void> {
  const shown = JSON.parse(text) as { readonly type: string };
  const real = await eventually(
    () => `a ${shown.type} frame; there are ${JSON.stringify(connection.frames)}`,
    () => connection.frames.find((frame) => frame.type === shown.type && !told.has(frame)),
  );
  told.add(real);
  const differences = compare('', shown, real, known);
  if (differences.length > 0) throw new Error(`${differences.join('\n')}\nin ${JSON.stringify(real)}`);
}

/** `closed with 4500: 2`. */
async function expectClose(connection: RawClient, code: string): Promise<void> {
  const [, number = '', reason = ''] = /^closed with (\d+)(?:: (.*))?$/.exec(code.trim()) ?? [];
  const closed = await eventually('the connection to be closed', () => connection.closed);
  if (String(closed.code) !== number || closed.reason !== reason)
    throw new Error(`closed with ${closed.code}: ${closed.reason}`);
}

function compare(key: string, shown: unknown, real: unknown, known: Map<string, string>): readonly string[] {
  if (typeof shown !== typeof real) return [`${key} is shown as ${typeof shown} and is ${typeof real}`];
  if (typeof shown === 'string' && typeof real === 'string' && ids.has(key)) return learn(key, shown, real, known);
  if (typeof shown !== 'object' || shown === null || real === null)
    return any.has(key) || shown === real ? [] : [`${key} is shown as ${String(shown)} and is ${String(real)}`];
  const [left, right] = [shown as Fields, real as Fields];
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])];
  return names.flatMap((name) => compare(name, left[name], right[name], known));
}

type Fields = Readonly<Record<string, unknown>>;

function learn(key: string, shown: string, real: string, known: Map<string, string>): readonly string[] {
  const before = known.get(shown);
  known.set(shown, real);
  return before === undefined || before === real ? [] : [`${key} is shown as one that was ${before} before`];
}
