import { make } from './elements.js';
import type { Room } from './room.js';

/** The rooms to choose from, each with the number of messages that came while another was shown. */
export class RoomList {
  private readonly badges = new Map<Room, HTMLElement>();
  private readonly buttons = new Map<Room, HTMLButtonElement>();

  constructor(list: HTMLElement, rooms: readonly Room[], chosen: (room: Room) => void) {
    for (const room of rooms) {
      const badge = make('span', 'unread');
      const button = make('button', '', room.info.name, badge);
      button.type = 'button';
      button.addEventListener('click', () => chosen(room));
      this.badges.set(room, badge);
      this.buttons.set(room, button);
      list.append(make('li', '', button));
    }
  }

  show(current: Room): void {
    for (const [room, button] of this.buttons) button.setAttribute('aria-current', String(room === current));
    for (const [room, badge] of this.badges) {
      badge.hidden = room.unread === 0;
      badge.replaceChildren(room.unread > 99 ? '99+' : String(room.unread), make('span', 'unseen', ' unread'));
    }
  }
}
