import { avatar, make } from './elements.js';
import type { ShownMessage } from './room.js';

const stateTexts = { said: '', sending: 'Sending …', failed: 'Not sent' } as const;
/** Whoever has scrolled up further than this reads old messages, and isn't taken away from them. */
const nearTheEndPx = 120;
/** Messages of one person within this time share a name. */
const followsWithinMs = 5 * 60_000;

/** The messages of a room on the page. Elements are kept, so that a screen reader hears only what is new. */
export class MessageList {
  private readonly items = new Map<string, HTMLLIElement>();
  private isAtEnd = true;

  constructor(
    private readonly list: HTMLElement,
    private readonly self: string,
  ) {
    list.addEventListener('scroll', () => {
      this.isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < nearTheEndPx;
    });
    // A phone's keyboard, say.
    new ResizeObserver(() => this.scroll()).observe(list);
  }

  /** @param anew another room is shown than before */
  show(messages: readonly ShownMessage[], anew: boolean): void {
    if (anew) this.clear();
    const shown = new Set(messages.map(({ id }) => id));
    for (const [id, item] of this.items) if (!shown.has(id)) this.remove(id, item);
    this.list.querySelector('.nothing')?.remove();
    let before: ShownMessage | null = null;
    let place = this.list.firstElementChild;
    for (const message of messages) {
      const item = this.itemOf(message);
      this.update(item, message, before);
      if (item === place) place = place.nextElementSibling;
      else this.list.insertBefore(item, place);
      before = message;
    }
    if (before === null) this.list.append(make('li', 'nothing', 'Nothing was said here yet. Say hello!'));
    this.isAtEnd ||= anew;
    this.scroll();
  }

  private scroll(): void {
    if (this.isAtEnd) this.list.scrollTop = this.list.scrollHeight;
  }

  private itemOf(message: ShownMessage): HTMLLIElement {
    const known = this.items.get(message.id);
    if (known !== undefined) return known;
    const time = make('time', '', clockTime(message.at));
    time.dateTime = new Date(message.at).toISOString();
    const from = make('p', 'from', make('strong', '', this.nameOf(message)), ' ', time);
    const text = make('p', 'text', message.text);
    const item = make('li', 'message', avatar(message.from), from, text, make('p', 'state'));
    item.classList.toggle('mine', message.from === this.self);
    this.items.set(message.id, item);
    return item;
  }

  private update(item: HTMLLIElement, message: ShownMessage, before: ShownMessage | null): void {
    const follows = before?.from === message.from && message.at - before.at < followsWithinMs;
    item.classList.toggle('follows', follows);
    if (item.dataset['state'] === message.state) return;
    item.dataset['state'] = message.state;
    const state = item.querySelector('.state');
    if (state !== null) state.textContent = stateTexts[message.state];
  }

  private nameOf({ from }: ShownMessage): string {
    return from === this.self ? 'You' : from;
  }

  private remove(id: string, item: HTMLLIElement): void {
    item.remove();
    this.items.delete(id);
  }

  private clear(): void {
    for (const [id, item] of this.items) this.remove(id, item);
  }
}

function clockTime(at: number): string {
  return new Date(at).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
}
