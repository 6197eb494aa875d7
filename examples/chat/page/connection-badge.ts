import type { Client, ClientState } from './baton.js';

/** Tells how the connection is. Messages can be written whatever it says. */
export function showConnection(badge: HTMLElement, client: Client): void {
  const show = () => {
    const { state } = client;
    // The browser knows that the line is gone before the connection does.
    const isCut = !navigator.onLine && state.kind !== 'stopped';
    badge.dataset['kind'] = isCut ? 'offline' : state.kind;
    badge.textContent = isCut ? 'Offline' : textFor(state);
    badge.title = 'pod' in state ? `Connected to ${state.pod}` : '';
  };
  client.on('state', show);
  addEventListener('online', show);
  addEventListener('offline', show);
  show();
}

function textFor(state: ClientState): string {
  switch (state.kind) {
    case 'connected':
      return 'Connected';
    case 'moving':
      return 'Connected, moving on …';
    case 'connecting':
      return 'Connecting …';
    case 'waiting':
      return 'Offline, trying again …';
    case 'stopped':
      return state.error === null ? 'Signed out' : `Stopped: ${state.error.message}`;
  }
}
