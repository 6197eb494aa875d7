import { transition } from '../../../src/client/ownership-transition.js';
import {
  initialOwnership,
  IDLE,
  type Ownership,
  type OwnershipEffect,
  type OwnershipEvent,
} from '../../../src/client/ownership.js';
import * as publishState from '../../../src/client/publish-state.js';
import type { PublishChange, PublishEffect } from '../../../src/client/publish-state.js';
import * as streamState from '../../../src/client/stream-state.js';
import type { StreamChange, StreamEffect, StreamState } from '../../../src/client/stream-state.js';
import { closeCodes } from '../../../src/protocol/close-codes.js';
import type { MessageFrame } from '../../../src/protocol/frames.js';
import { asSessionId } from '../../../src/protocol/ids.js';
import type { StreamName } from '../../../src/protocol/stream-name.js';
import { logOf, messageName } from './names.js';
import type { Turn } from './turn.js';
import type { Client, ClientNumber, Down, HelloStreams, PodNumber, Socket } from './world.js';

const SETTINGS = { urls: ['pod 0', 'pod 1'], backoff: { baseMs: 1, maxMs: 1 } } as const;
const CHANNEL = 'channel:c';
type StreamFrame = Extract<Down, { type: 'message' | 'subscribed' | 'reset' }>;
type Answer = Extract<Down, { type: 'ack' | 'refused' | 'gap' }>;

/** As it is before it does anything. */
export function newClient(firstPod: PodNumber, streams: readonly StreamName[]): Client {
  return {
    ownership: { ...initialOwnership(SETTINGS), urlIndex: firstPod },
    generation: 1,
    streams: Object.fromEntries(
      streams.map((stream) => [stream, { stream, position: null, feed: null, standby: null }] as const),
    ),
    named: {},
    publishing: publishState.initialPublishing(CHANNEL, null),
    probeDue: false,
    application: { at: {}, given: [], acknowledged: [], lost: [] },
  };
}

/** One client in one step: the reducers of src/client, and what their effects do to the world. */
export class ClientTurn {
  constructor(
    private readonly turn: Turn,
    private readonly number: ClientNumber,
  ) {}

  get #client(): Client {
    return this.turn.client(this.number);
  }

  tell(event: OwnershipEvent): void {
    const [state, effects] = this.#transition(event);
    this.#change({ ownership: canonical(state) });
    for (const effect of effects) this.#doOwnership(effect);
  }

  publish(name: string): void {
    this.#publishing(publishState.publish(this.#client.publishing, name, name));
  }
  retryPublishes(): void {
    this.#publishing(publishState.onRetryDue(this.#client.publishing));
  }
  probe(): void {
    this.#change({ probeDue: false });
    this.#publishing(publishState.onProbe(this.#client.publishing));
  }
  subscribeAgain(stream: string): void {
    const state = this.#client.streams[stream];
    if (state) this.#keepStream(streamState.onDue(state));
  }

  receive(connection: number, frame: Down): void {
    switch (frame.type) {
      case 'welcome': {
        const session = { id: asSessionId(frame.session), resume: 'r' };
        this.tell({ type: 'welcome', connection, session });
        break;
      }
      case 'migrate':
        this.tell({ type: 'migrate', connection, withinMs: 0, deadlineMs: 1, endpoints: [`pod ${frame.to}`] });
        break;
      case 'close':
        this.turn.changeSocket(this.number, connection, () => ({ clientOpen: false, down: [] }));
        this.tell({ type: 'closed', connection, code: frame.code, reason: frame.reason });
        break;
      case 'probe':
        this.#change({ probeDue: true });
        break;
      case 'ack':
      case 'refused':
      case 'gap':
        this.#answered(connection, frame);
        break;
      default:
        if (this.#isWelcomed(connection)) this.#streamFrame(connection, frame);
    }
  }

  #transition(event: OwnershipEvent): ReturnType<typeof transition> {
    const state = this.#client.ownership;
    const lost = event.type === 'closed' && event.connection === state.current?.connection ? state.current : null;
    if (lost && this.turn.without('one-attempt-waits') && state.next.kind === 'waiting')
      return transition({ ...state, next: IDLE }, event, 0);
    const change = transition(state, event, 0);
    if (lost && this.turn.without('a-resume-is-scheduled') && change[0].next.kind === 'scheduled')
      return [{ ...change[0], next: IDLE }, change[1]];
    return change;
  }

  #doOwnership(effect: OwnershipEffect): void {
    switch (effect.type) {
      case 'open':
        this.#open(effect);
        break;
      case 'drop':
        this.turn.changeSocket(this.number, effect.connection, () => ({ clientOpen: false, down: [] }));
        this.#gone(effect.connection);
        break;
      case 'gone':
        this.#gone(effect.connection);
        break;
      case 'ask-token':
        this.tell({ type: 'token', token: 't' });
        break;
      case 'welcomed':
        this.#welcomed(effect.opened.connection);
        break;
      case 'restart':
        this.#restart();
        break;
      case 'stopped':
        this.turn.breaks(`client ${this.number} stops although nobody else has its session: ${effect.why.reason}`);
    }
  }

  #open({ opened, hello }: Extract<OwnershipEffect, { type: 'open' }>): void {
    const pod = Number(opened.url.slice(-1)) as PodNumber;
    const { streams, generation } = this.#client;
    const named: HelloStreams = Object.fromEntries(
      Object.values(streams).map(({ stream, position }) => [stream, position]),
    );
    this.#change({ named });
    const said = {
      type: 'hello',
      attempt: opened.attempt,
      session: hello.session?.id ?? null,
      publisher: `u${this.number}-${generation}`,
      streams: named,
    } as const;
    const number = opened.connection;
    const refused = { type: 'close', code: closeCodes.abnormal.code, reason: '' } as const;
    const dead = this.turn.pod(pod).life === 'dead';
    const socket: Socket = {
      ...{ number, pod, clientOpen: true, podOpen: !dead },
      up: dead ? [] : [said],
      down: dead ? [refused] : [],
    };
    const waiting = this.turn.sockets(this.number).filter((each) => each.clientOpen && !this.#isWelcomed(each.number));
    if (waiting.length > 0)
      this.turn.breaks(`two attempts of client ${this.number} wait for their welcome at the same time`);
    this.turn.setSockets(this.number, [...this.turn.sockets(this.number), socket]);
  }

  #gone(connection: number): void {
    const { streams, publishing } = this.#client;
    const left = Object.fromEntries(
      Object.entries(streams).map(([name, state]) => [name, streamState.gone(state, connection)]),
    );
    const quiet = publishing.connection === connection ? publishState.disconnected(publishing) : publishing;
    this.#change({ streams: left, publishing: quiet });
  }

  #welcomed(connection: number): void {
    this.#change({ probeDue: false });
    this.#publishing(publishState.connected(this.#client.publishing, connection));
    const { named } = this.#client;
    for (const [stream, state] of Object.entries(this.#client.streams))
      this.#keepStream(streamState.welcomed(state, connection, named[stream]));
    this.#change({ named: {} });
  }

  /** Another session, another publisher: what was sent has an unknown outcome, what wasn't goes on. */
  #restart(): void {
    const { publishing, generation, application } = this.#client;
    this.#change({
      generation: generation + 1,
      publishing: publishState.initialPublishing(CHANNEL, null),
      application: { ...application, acknowledged: [], lost: [] },
    });
    for (const { sent, data } of publishing.unsettled) if (!sent && data !== null) this.publish(data);
  }

  #answered(connection: number, frame: Answer): void {
    const { publishing } = this.#client;
    const counts = connection === publishing.connection || this.turn.without('only-the-newest-answers');
    if (!counts) return;
    if (frame.type === 'ack') this.#publishing(publishState.onAck(publishing, frame));
    else if (frame.type === 'gap') this.#publishing(publishState.onGap(publishing, frame));
    else this.#publishing(publishState.onRefused(publishing, frame));
  }

  #publishing([publishing, effects]: PublishChange<string>): void {
    this.#change({ publishing: { ...publishing, failures: Math.min(publishing.failures, 1) } });
    for (const effect of effects) this.#doPublishing(effect);
  }

  #doPublishing(effect: PublishEffect<string>): void {
    const { application } = this.#client;
    switch (effect.type) {
      case 'send': {
        const { seq, after, data } = effect;
        this.turn.toPod(this.number, effect.connection, { type: 'publish', seq, after, data });
        break;
      }
      case 'settled':
        if (effect.ticket !== null) this.#acknowledged(effect.seq, effect.ticket);
        break;
      case 'lost':
        for (const [from, to] of effect.ranges)
          for (const [seq, name] of application.acknowledged) if (seq >= from && seq <= to) this.#lost(seq, name);
    }
  }

  #acknowledged(seq: number, name: string): void {
    const { application } = this.#client;
    this.#change({ application: { ...application, acknowledged: [...application.acknowledged, [seq, name]] } });
    if (!this.turn.world.outside.causes.includes(CHANNEL) && !isInLog(this.turn, name))
      this.turn.breaks(`${name} is acknowledged and was never in the log`);
  }
  #lost(seq: number, name: string): void {
    const { application } = this.#client;
    this.#change({ application: { ...application, lost: [...application.lost, seq] } });
    if (isInLog(this.turn, name)) this.turn.breaks(`${name} is reported lost and is in the log`);
  }

  #streamFrame(connection: number, frame: StreamFrame): void {
    const state = this.#client.streams[frame.stream];
    if (!state) return;
    const from = this.turn.without('newer-connection-takes-the-stream') ? feedOf(state, connection) : connection;
    if (frame.type === 'message')
      this.#keepStream(streamState.onMessage(state, from, this.#linked(state, frame)), frame);
    else if (frame.type === 'subscribed') this.#keepStream(streamState.onSubscribed(state, from, frame));
    else this.#keepStream(streamState.onReset(state, from, frame));
  }

  /** Without the rule a message with the next offset is taken for the next, whatever came before it. */
  #linked({ position }: StreamState, frame: MessageFrame): MessageFrame {
    const next = position !== null && frame.offset === position.offset + 1;
    return next && this.turn.without('client-applies-only-the-next') ? { ...frame, prev: position.id } : frame;
  }

  #keepStream([state, effects]: StreamChange, heard?: MessageFrame): void {
    this.#change({ streams: { ...this.#client.streams, [state.stream]: canonicalStream(state) } });
    for (const effect of effects) this.#doStream(effect, heard);
  }

  #doStream(effect: StreamEffect, heard?: MessageFrame): void {
    switch (effect.type) {
      case 'subscribe': {
        const { stream, position } = effect;
        this.turn.toPod(this.number, effect.connection, { type: 'subscribe', stream, position });
        break;
      }
      case 'deliver':
        this.#given(heard ?? effect.message);
        break;
      case 'reset': {
        const { stream, position, reason } = effect;
        this.#at(stream, position.id);
        const log = this.#logOf(stream);
        this.#forgetWhatIsGone(log);
        if (!this.turn.world.outside.causes.includes(log))
          this.turn.breaks(`client ${this.number} is told that ${stream} is ${reason}, and nothing of it was lost`);
        break;
      }
      case 'ready':
        if (this.#client.application.at[effect.stream] === undefined) this.#at(effect.stream, effect.position.id);
    }
  }

  #given({ stream, id, prev, data }: MessageFrame): void {
    const { at, given } = this.#client.application;
    const name = messageName(data);
    if (given.includes(id)) this.turn.breaks(`client ${this.number} is given ${name} of ${stream} twice`);
    else if (at[stream] !== prev)
      this.turn.breaks(`client ${this.number} is given ${name} of ${stream} after something else than what it follows`);
    this.#change({ application: { ...this.#client.application, given: [...given, id] } });
    this.#at(stream, id);
  }
  /** After a `reset` a message that Redis has lost may come once more: from a pod that had read it before. */
  #forgetWhatIsGone(log: string): void {
    const { application } = this.#client;
    const kept = this.turn.world.redis.logs[log]?.entries.map(({ id }): string => id) ?? [];
    this.#change({ application: { ...application, given: application.given.filter((id) => kept.includes(id)) } });
  }
  #at(stream: string, id: string): void {
    const { application } = this.#client;
    this.#change({ application: { ...application, at: { ...application.at, [stream]: id } } });
  }

  #logOf(stream: string): string {
    return logOf(stream, this.#client.ownership.session?.id ?? '');
  }
  #isWelcomed(connection: number): boolean {
    const { current, previous } = this.#client.ownership;
    return current?.connection === connection || previous?.connection === connection;
  }
  #change(change: Partial<Client>): void {
    this.turn.changeClient(this.number, change);
  }
}

const isInLog = (turn: Turn, name: string): boolean =>
  turn.world.redis.logs[CHANNEL]?.entries.some(({ data }) => data === name) ?? false;

/** The connection whose frames count now. */
const feedOf = (state: StreamState, connection: number): number =>
  state.standby === null ? (state.feed?.connection ?? connection) : connection;

/** Counts that grow for ever only make waits longer: one failure and several are the same. */
function canonical(state: Ownership): Ownership {
  return { ...state, failures: Math.min(state.failures, 1), urlIndex: state.urlIndex % SETTINGS.urls.length };
}
function canonicalStream(state: StreamState): StreamState {
  const { feed, standby } = state;
  const few = <Feed extends { readonly repeats: number }>(each: Feed): Feed => ({
    ...each,
    repeats: Math.min(each.repeats, 1),
  });
  return { ...state, feed: feed && few(feed), standby: standby && few(standby) };
}
