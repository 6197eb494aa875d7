/** What is to be seen of the whole at one moment. */
export interface Scene {
  readonly elapsedMs: number;
  readonly phase: string;
  readonly pods: readonly PodInScene[];
  readonly clients: number;
  readonly connected: number;
  /** Hand-overs under way. */
  readonly moving: number;
  /** Hand-overs and reconnects so far. */
  readonly moves: number;
  readonly inFlight: number;
  readonly received: number;
  readonly receivedPerSecond: number;
  readonly sentPerSecond: number;
}

export interface PodInScene {
  readonly name: string;
  readonly state: 'starting' | 'ready' | 'draining' | 'gone' | 'killed';
  readonly clients: number;
}

const barWidth = 40;

/** As lines for a terminal. */
export function picture(scene: Scene): string[] {
  const seconds = (scene.elapsedMs / 1000).toFixed(0);
  return [
    `${seconds.padStart(3)} s  ${scene.phase}`,
    '',
    ...scene.pods.map((pod) => podLine(pod, scene.clients)),
    '',
    `${scene.connected} of ${scene.clients} clients connected, ${scene.moving} moving, ${scene.moves} moves so far`,
    `${scene.inFlight} messages in flight, ${scene.sentPerSecond}/s sent, ${scene.receivedPerSecond}/s received, ${scene.received} in all`,
  ];
}

/** As one line, for logs. */
export function line(scene: Scene): string {
  const pods = scene.pods.filter(({ state }) => state !== 'gone' && state !== 'killed');
  const each = pods.map(({ name, state, clients }) => `${name} ${state} ${clients}`).join(', ');
  const seconds = (scene.elapsedMs / 1000).toFixed(0);
  return `${seconds.padStart(3)} s  ${scene.phase}: ${each}; ${scene.moves} moves, ${scene.inFlight} in flight, ${scene.received} received`;
}

function podLine({ name, state, clients }: PodInScene, all: number): string {
  const bar = '█'.repeat(Math.round((clients / Math.max(1, all)) * barWidth));
  return `  ${name.padEnd(8)} ${state.padEnd(9)} ${String(clients).padStart(4)}  ${bar}`;
}
