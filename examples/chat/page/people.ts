import type { Client, Presence } from './baton.js';
import { avatar, make } from './elements.js';

/** Who is in the room that is shown. */
export class People {
  private presence: Presence | null = null;

  constructor(
    private readonly list: HTMLElement,
    private readonly client: Client,
    private readonly self: string,
  ) {}

  /** We leave the room before, and are in this one. */
  enter(room: string): void {
    this.presence?.close();
    const presence = this.client.presence(room);
    for (const event of ['snapshot', 'join', 'leave'] as const) presence.on(event, () => this.show(presence));
    this.presence = presence;
    this.show(presence);
  }

  /** One person may have several pages open. */
  private show(presence: Presence): void {
    if (presence !== this.presence) return;
    const names = new Set(presence.entries.map(({ user }) => String(user)));
    const sorted = [...names].sort((a, b) => Number(b === this.self) - Number(a === this.self) || a.localeCompare(b));
    this.list.replaceChildren(...sorted.map((name) => this.itemOf(name)));
  }

  private itemOf(name: string): HTMLLIElement {
    const isSelf = name === this.self;
    const label = make('span', 'name', name, ...(isSelf ? [make('span', 'self', ' (you)')] : []));
    return make('li', 'person', avatar(name), label);
  }
}
