import {
  initialOwnership,
  type Ownership,
  type OwnershipEffect,
  type OwnershipEvent,
} from '../../src/client/ownership.js';
import { transition } from '../../src/client/ownership-transition.js';
import { asSessionId } from '../../src/protocol/ids.js';

type EffectOf<Type extends OwnershipEffect['type']> = Extract<OwnershipEffect, { readonly type: Type }>;

/** Plays events to the rules of session ownership and keeps what they asked for. */
export class OwnershipScript {
  state: Ownership = initialOwnership({ urls: ['ws://one', 'ws://two'], backoff: { baseMs: 500, maxMs: 20_000 } });
  /** Of the last event. */
  effects: readonly OwnershipEffect[] = [];
  nowMs = 0;

  play(...events: readonly OwnershipEvent[]): this {
    for (const event of events) [this.state, this.effects] = transition(this.state, event, this.nowMs);
    return this;
  }

  /** Connected for the first time: connection 1, attempt 1. */
  connected(): this {
    return this.play({ type: 'start' }, { type: 'token', token: 'first' }).welcome();
  }

  /** The waiting attempt is welcomed. */
  welcome(session = 'S'): this {
    return this.play({
      type: 'welcome',
      connection: this.waiting.connection,
      session: { id: asSessionId(session), resume: `resume-${session}` },
    });
  }

  /** The current connection is asked to leave, and the client has opened the next. */
  movingTo(endpoints: readonly string[] = []): this {
    this.play({ type: 'migrate', connection: this.current, withinMs: 1_000, deadlineMs: 20_000, endpoints });
    return this.play({ type: 'due' });
  }

  closed(connection: number, code: number, reason = ''): this {
    return this.play({ type: 'closed', connection, code, reason });
  }

  get waiting() {
    if (this.state.next.kind !== 'waiting') throw new Error(`no attempt waits: ${JSON.stringify(this.state.next)}`);
    return this.state.next.opened;
  }
  get current(): number {
    return this.state.current?.connection ?? 0;
  }

  /** The effects of this type of the last event. */
  of<Type extends OwnershipEffect['type']>(type: Type): readonly EffectOf<Type>[] {
    return this.effects.filter((effect): effect is EffectOf<Type> => effect.type === type);
  }
}
