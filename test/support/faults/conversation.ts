import { eventually } from '../eventually.js';
import type { Guest } from './guest.js';
import type { PodsHere } from './pods-here.js';

/** What is left when a conversation is over; the same whatever was restarted meanwhile. */
export interface Outcome {
  readonly acknowledged: readonly unknown[];
  readonly rejected: readonly unknown[];
  readonly resets: readonly string[];
  readonly lost: readonly string[];
  readonly heard: Readonly<Record<string, readonly unknown[]>>;
  /** What another client of the channel heard all the time. */
  readonly witnessed: readonly unknown[];
  readonly data: unknown;
  /** The offsets of what the backend sent to the channel. */
  readonly offsets: readonly number[];
  readonly sessions: number;
}

export const undisturbed: Outcome = {
  acknowledged: ['ann 1', 'ann 2', 'ann 3', 'ann 4'],
  rejected: [],
  resets: [],
  lost: [],
  heard: {
    channel: ['ann 1', 'ann 2', 'ann 3', 'to the channel'],
    session: ['to the session', 'ann 4'],
    user: ['to the user'],
  },
  witnessed: ['ann 1', 'ann 2', 'ann 3', 'to the channel', 'after ann'],
  data: { version: 2, value: 'second' },
  offsets: [4, 5],
  sessions: 1,
};

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly key: string;
}

/** One client, one witness and one backend, in fixed steps. Each has a channel, users and a session of its own. */
export class Conversation {
  readonly client: Guest;
  private readonly witness: Guest;
  private readonly channel: string;
  private readonly sessions = new Set<string>();
  private readonly offsets: number[] = [];
  private channelUse: ReturnType<Guest['subscribe']> | null = null;
  private lastCall: Call | null = null;
  private calls = 0;

  constructor(
    private readonly pods: PodsHere,
    private readonly name: string,
  ) {
    this.channel = `talk-${name}`;
    this.client = pods.guest(`ann-${name}`, 'a', 'b');
    this.witness = pods.guest(`wil-${name}`, 'b', 'a');
  }

  readonly steps: Readonly<Record<string, () => Promise<void>>> = {
    'the client connects': async () => {
      await this.witness.follow([`channel:${this.channel}`]);
      await eventually('a welcome', () => this.client.session !== '', patience);
      this.sessions.add(this.client.session);
    },
    'it subscribes to its channel, session and user': async () => {
      this.channelUse = this.client.subscribe(`channel:${this.channel}`);
      await Promise.all([this.channelUse.ready, this.client.follow(['session', 'user'])]);
    },
    'it publishes three': async () => {
      const publishes = [1, 2, 3].map((n) => this.client.publish(`channel:${this.channel}`, `ann ${n}`));
      await Promise.all(publishes);
    },
    'the backend sends three': async () => {
      await this.send({ channel: this.channel }, 'to the channel');
      await this.send({ session: this.client.session }, 'to the session');
      await this.send({ user: `ann-${this.name}` }, 'to the user');
    },
    'it has received them': async () => {
      await eventually(
        () => `all that was sent; heard: ${JSON.stringify(this.heard())}`,
        () => this.heard().channel.length === 4 && this.heard().session.length === 1 && this.heard().user.length === 1,
        patience,
      );
    },
    'it unsubscribes from the channel': async () => {
      this.channelUse?.close();
      await this.send({ channel: this.channel }, 'after ann');
      await eventually('the witness to hear it', () => this.witnessed().length === 5, patience);
    },
    'the backend writes session data twice': async () => {
      await this.put('first', 0);
      await this.put('second', 1);
    },
    'it publishes to its own session': async () => {
      await this.client.publish('session', 'ann 4');
      await eventually('it to come back', () => this.heard().session.length === 2, patience);
    },
  };

  /** The backend comes up again and doesn't know whether its last call was answered. */
  async restartBackend(): Promise<void> {
    if (this.lastCall) await this.perform(this.lastCall);
  }

  async end(): Promise<Outcome> {
    const read = await this.ask({ method: 'GET', path: this.dataPath, body: undefined, key: 'read' }, [200]);
    this.sessions.add(this.client.session);
    const outcome = {
      acknowledged: this.client.acknowledged,
      rejected: this.client.rejected,
      resets: [...this.client.resets, ...this.witness.resets],
      lost: this.client.lost,
      heard: this.heard(),
      witnessed: this.witnessed(),
      data: read.body,
      offsets: this.offsets,
      sessions: this.sessions.size,
    };
    await Promise.all([this.client.leave(), this.witness.leave()]);
    return outcome;
  }

  /** `bye` has ended the session for everybody. */
  async isGone(): Promise<boolean> {
    const path = this.dataPath;
    return (await this.ask({ method: 'GET', path, body: undefined, key: 'gone' }, [200, 404])).status === 404;
  }

  private heard(): Readonly<Record<'channel' | 'session' | 'user', readonly unknown[]>> {
    const heard = (stream: Parameters<Guest['heard']>[0]) => [...this.client.heard(stream)];
    return { channel: heard(`channel:${this.channel}`), session: heard('session'), user: heard('user') };
  }
  private witnessed(): readonly unknown[] {
    return this.witness.heard(`channel:${this.channel}`);
  }
  private get dataPath(): string {
    const [session = ''] = this.sessions;
    return `/v1/sessions/${session}/data/place`;
  }

  private async send(to: object, data: string): Promise<void> {
    const call = { method: 'POST', path: '/v1/messages', body: { to, data }, key: data.replaceAll(' ', '-') };
    const { offset } = (await this.perform(call)) as { readonly offset: number };
    if ('channel' in to) this.offsets.push(offset);
  }
  private async put(value: string, version: number): Promise<void> {
    await this.perform({ method: 'PUT', path: this.dataPath, body: { value, version }, key: value });
  }
  private async perform(call: Call): Promise<unknown> {
    this.lastCall = call;
    // A repeated write finds its own version there.
    return (await this.ask(call, call.method === 'PUT' ? [200, 409] : [200, 201])).body;
  }

  /** Until it is answered by one of these, at the pods in turn. */
  private ask({ method, path, body, key }: Call, statuses: readonly number[]) {
    return eventually(
      `${method} ${path} to be answered`,
      async () => {
        const answer = await this.pods.call(this.calls++ % 2 === 0 ? 'a' : 'b', method, path, body, {
          'idempotency-key': key,
        });
        if (statuses.includes(answer.status)) return answer;
        throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
      },
      patience,
    );
  }
}

const patience = { withinMs: 15_000, everyMs: 10 };
