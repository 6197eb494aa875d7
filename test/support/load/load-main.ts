import { signToken } from './credentials.js';
import { LoadClient, type LoadClientOptions } from './load-client.js';
import type { LoadCommand, LoadOptions, LoadStatus, StragglerKind } from './load-messages.js';
import { RecordLog } from './record-log.js';
import { straggle } from './straggler.js';
import { Ticker } from './ticker.js';

const statusEveryMs = 200;
/** Clients that connect in one go, and the pause to the next ones: a morning's arrival, not a thundering herd. */
const arrival = { clients: 10, everyMs: 50 };

/** A process full of clients: told what to do by its parent, and gone with it. */
class LoadMain {
  private readonly clients: LoadClient[] = [];
  private readonly log: RecordLog;
  private readonly ticker: Ticker;
  private readonly stragglers: string[] = [];
  private next = 0;
  private lastWords = 0;

  constructor(private readonly options: LoadOptions) {
    this.log = new RecordLog(options.logFile);
    this.ticker = new Ticker(options.clients * options.perSecond, () => {
      this.clients[this.next++ % this.clients.length]?.publish();
    });
    this.arrive();
    setInterval(() => process.send?.(this.status()), statusEveryMs);
  }

  async obey(command: LoadCommand): Promise<void> {
    switch (command.kind) {
      case 'publish':
        this.ticker.start();
        return;
      case 'quiet':
        this.ticker.stop();
        return;
      case 'straggle':
        await this.sendStragglers(command.clients, command.as);
        return;
      case 'last-word':
        for (const client of this.clients) client.lastWord();
        this.log.flush();
        this.lastWords += 1;
        return;
      case 'finish':
        this.ticker.stop();
        await Promise.all(this.clients.map((client) => client.finish()));
        this.log.close();
        process.exit(0);
    }
  }

  private arrive(): void {
    const { name, clients, signer, tenant } = this.options;
    const options: LoadClientOptions = { ...this.options, token: (user) => signToken(signer, tenant, user) };
    for (let n = 0; n < arrival.clients && this.clients.length < clients; n += 1) {
      const index = this.clients.length;
      this.clients.push(new LoadClient(`${name}-${index}`, index, options, this.log));
    }
    if (this.clients.length < clients) setTimeout(() => this.arrive(), arrival.everyMs);
  }

  private async sendStragglers(count: number, as: StragglerKind): Promise<void> {
    const victims = this.clients.filter(({ welcomes }) => as !== 'before' || welcomes > 1);
    await Promise.all(
      victims.slice(0, count).map(async ({ who, ears: { overheard }, attempt }, n) => {
        const other = victims[(n + 1) % victims.length]?.ears.overheard;
        if (overheard === null || other == null) return;
        // The forger's attempt would win if its token were believed.
        const hello = {
          before: { ...overheard, attempt: 1 },
          copy: { ...overheard, attempt },
          forger: { session: overheard.session, resume: other.resume, attempt: attempt + 1 },
        }[as];
        this.stragglers.push(await straggle(`${as}-of-${who}`, this.options.url, hello, this.log));
      }),
    );
  }

  private status(): LoadStatus {
    const states = this.clients.map(({ state }) => state);
    const connected = states.filter((state) => state.kind === 'connected' || state.kind === 'moving');
    const sum = (of: (client: LoadClient) => number) => this.clients.reduce((total, client) => total + of(client), 0);
    const pods: Record<string, number> = {};
    for (const { pod } of connected) pods[pod] = (pods[pod] ?? 0) + 1;
    return {
      clients: this.options.clients,
      connected: connected.length,
      subscribed: this.clients.filter(({ subscribed }) => subscribed).length,
      moving: connected.filter(({ kind }) => kind === 'moving').length,
      pods,
      moves: sum(({ welcomes }) => Math.max(0, welcomes - 1)),
      received: sum(({ received }) => received),
      acknowledged: sum(({ acknowledged }) => acknowledged),
      inFlight: sum(({ inFlight }) => inFlight),
      stragglers: this.stragglers,
      lastWords: this.lastWords,
      sessions: this.clients.map(({ sessionId, user }) => ({ session: sessionId, user })),
    };
  }
}

const main = new LoadMain(JSON.parse(process.argv[2] ?? '{}') as LoadOptions);
process.on('message', (command) => void main.obey(command as LoadCommand));
process.on('disconnect', () => process.exit(1));
