import type { Client, ClientState } from './baton.js';

/** Tells how the connection is: messages can be written whatever it says. */
export function showConnection(badge: HTMLElement, client: Client): void {
  const show = (state: ClientState) => {
    badge.dataset['kind'] = state.kind;
    badge.textContent = textFor(state);
    badge.title = 'pod' in state ? `Connected to ${state.pod}` : '';
  };
  client.on('state', show);
  show(client.state);
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
