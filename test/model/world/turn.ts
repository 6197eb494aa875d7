import type { RuleName } from './rules.js';
import type { Scope } from './scope.js';
import type { Client, ClientNumber, Command, Down, Outside, Pod, PodNumber, Socket, Up, World } from './world.js';

type Draft = { -readonly [Part in keyof World]: World[Part] };

/** One step under way: a world of which parts are replaced. */
export class Turn {
  readonly #draft: Draft;

  constructor(
    world: World,
    readonly scope: Scope,
  ) {
    this.#draft = { ...world };
  }

  get world(): World {
    return this.#draft;
  }

  pod(number: PodNumber): Pod {
    return number === 0 ? this.#draft.pod0 : this.#draft.pod1;
  }
  changePod(number: PodNumber, change: Partial<Pod>): void {
    const pod = { ...this.pod(number), ...change };
    if (number === 0) this.#draft.pod0 = pod;
    else this.#draft.pod1 = pod;
  }

  client(number: ClientNumber): Client {
    const client = number === 0 ? this.#draft.client0 : this.#draft.client1;
    if (client === null) throw new Error(`there is no client ${number}`);
    return client;
  }
  changeClient(number: ClientNumber, change: Partial<Client>): void {
    const client = { ...this.client(number), ...change };
    if (number === 0) this.#draft.client0 = client;
    else this.#draft.client1 = client;
  }

  sockets(client: ClientNumber): readonly Socket[] {
    return client === 0 ? this.#draft.sockets0 : this.#draft.sockets1;
  }
  setSockets(client: ClientNumber, sockets: readonly Socket[]): void {
    // A socket that is closed on both sides is gone, with what was under way on it.
    const open = sockets.filter(({ clientOpen, podOpen }) => clientOpen || podOpen);
    if (client === 0) this.#draft.sockets0 = open;
    else this.#draft.sockets1 = open;
  }
  changeSocket(client: ClientNumber, number: number, change: (socket: Socket) => Partial<Socket>): void {
    this.setSockets(
      client,
      this.sockets(client).map((socket) => (socket.number === number ? { ...socket, ...change(socket) } : socket)),
    );
  }

  setRedis(redis: World['redis']): void {
    this.#draft.redis = redis;
  }
  setReplica(replica: World['replica']): void {
    this.#draft.replica = replica;
  }
  changeOutside(change: Partial<Outside>): void {
    this.#draft.outside = { ...this.#draft.outside, ...change };
  }

  toClient(client: ClientNumber, number: number, frame: Down): void {
    this.changeSocket(client, number, ({ clientOpen, podOpen, down }) =>
      clientOpen && podOpen ? { down: [...down, frame] } : {},
    );
  }
  toPod(client: ClientNumber, number: number, frame: Up): void {
    this.changeSocket(client, number, ({ clientOpen, podOpen, up }) =>
      clientOpen && podOpen ? { up: [...up, frame] } : {},
    );
  }
  toRedis(number: PodNumber, command: Command): void {
    const { pair, commands } = this.pod(number);
    if (pair !== 'down') this.changePod(number, { commands: [...commands, command] });
  }

  freshEntry(): string {
    const { entries } = this.#draft.outside;
    this.changeOutside({ entries: entries + 1 });
    return `e${entries + 1}`;
  }
  freshLog(): string {
    const { logs } = this.#draft.outside;
    this.changeOutside({ logs: logs + 1 });
    return `l${logs + 1}`;
  }

  /** The first promise that is broken is the one that is told. */
  breaks(promise: string): void {
    if (this.#draft.outside.broken === null) this.changeOutside({ broken: promise });
  }
  hasCause(log: string): void {
    const { causes } = this.#draft.outside;
    if (!causes.includes(log)) this.changeOutside({ causes: [...causes, log].sort() });
  }
  without(rule: RuleName): boolean {
    return this.scope.without.includes(rule);
  }
}
