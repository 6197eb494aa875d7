import { connect } from './baton.js';
import { chatInfo, tokenFor } from './backend-api.js';
import { showConnection } from './connection-badge.js';
import { byId } from './elements.js';
import { MessageList } from './message-list.js';
import { People } from './people.js';
import { RoomList } from './room-list.js';
import { Room } from './room.js';

const nameKey = 'chat name';

/** Everything of one person who has come in. */
async function enter(name: string): Promise<void> {
  const [{ url, rooms: infos }, firstToken] = await Promise.all([chatInfo(), tokenFor(name)]);
  sessionStorage.setItem(nameKey, name);
  let unused: string | null = firstToken;
  const client = connect({
    url,
    // Asked again whenever one has run out.
    token: async () => {
      const token = unused ?? (await tokenFor(name));
      unused = null;
      return token;
    },
  });
  const rooms = infos.map((info) => new Room(info, client, changed));
  const [first] = rooms;
  if (first === undefined) throw new Error('there are no rooms');
  let current = first;
  const list = new RoomList(byId('rooms', HTMLUListElement), rooms, show);
  const messages = new MessageList(byId('messages', HTMLOListElement), name);
  const people = new People(byId('people', HTMLUListElement), client, name);

  function show(room: Room): void {
    current = room;
    room.unread = 0;
    byId('room-title', HTMLHeadingElement).textContent = room.info.name;
    byId('room-topic', HTMLParagraphElement).textContent = room.info.topic;
    messages.show(room.messages, true);
    people.enter(room.info.name);
    list.show(current);
  }

  function changed(room: Room): void {
    if (room === current) {
      room.unread = 0;
      messages.show(room.messages, false);
    }
    list.show(current);
  }

  showConnection(byId('connection', HTMLParagraphElement), client);
  listenToComposer((text) => void current.say(name, text));
  byId('welcome', HTMLElement).hidden = true;
  byId('chat', HTMLDivElement).hidden = false;
  show(first);
  await Promise.all(rooms.map((room) => room.open()));
}

function listenToComposer(say: (text: string) => void): void {
  const form = byId('composer', HTMLFormElement);
  const field = byId('text', HTMLTextAreaElement);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (text !== '') say(text);
    field.value = '';
    field.focus();
  });
  field.addEventListener('keydown', (event) => {
    // Enter also ends what an input method composes, for Japanese say.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
}

function askForName(): void {
  const form = byId('sign-in', HTMLFormElement);
  const problem = byId('sign-in-problem', HTMLParagraphElement);
  byId('welcome', HTMLElement).hidden = false;
  byId('name', HTMLInputElement).focus();
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    enter(byId('name', HTMLInputElement).value).catch((error: unknown) => {
      problem.textContent = error instanceof Error ? error.message : String(error);
    });
  });
}

const known = sessionStorage.getItem(nameKey);
if (known === null) askForName();
else enter(known).catch(askForName);
