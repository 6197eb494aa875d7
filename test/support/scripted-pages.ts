import { afterEach, beforeEach } from '@jest/globals';
import { connect, type Client, type ClientOptions } from '../../src/client/index.js';
import { asEntryId } from '../../src/protocol/ids.js';
import { ManualClock } from './manual-clock.js';
import { ModelLocks, ModelPage, ModelStorage } from './model-page.js';
import { ScriptedService, type ScriptedConnection } from './scripted-service.js';

export const stream = 'channel:a';
const id = (offset: number) => asEntryId(`e${offset}`);
export const position = (offset: number) => ({ offset, id: id(offset) });
export const message = (offset: number) =>
  ({ type: 'message', stream, offset, id: id(offset), prev: id(offset - 1), data: { n: offset } }) as const;
export const subscribed = (offset: number) => ({ type: 'subscribed', stream, position: position(offset) }) as const;

interface Opened {
  readonly page: ModelPage;
  readonly client: Client;
}

/** Pages of one tab, or more, whose client talks to a scripted service; anew for each test. */
export class ScriptedPages {
  service!: ScriptedService;
  clock = new ManualClock();
  storage = new ModelStorage();
  readonly errors: string[] = [];
  #locks = new ModelLocks();
  readonly #pages: ModelPage[] = [];

  /** For each test of the file. */
  static each(): ScriptedPages {
    const pages = new ScriptedPages();
    beforeEach(async () => {
      pages.service = await ScriptedService.start();
      [pages.clock, pages.storage, pages.#locks] = [new ManualClock(), new ModelStorage(), new ModelLocks()];
      pages.errors.length = 0;
    });
    afterEach(async () => {
      for (const page of pages.#pages.splice(0)) page.crash();
      await pages.service.stop();
    });
    return pages;
  }

  /** A page is loaded, in the tab of this storage. */
  open(options: Partial<ClientOptions> = {}, storage = this.storage): Opened {
    const webSocket = (url: string, protocol: string) => new WebSocket(url, protocol);
    const page = new ModelPage({ storage, locks: this.#locks, clock: this.clock, webSocket });
    const client = page.load((parts) =>
      connect({ url: this.service.url, token: () => 'token', random: () => 0, ...parts, ...options }),
    );
    client.on('error', ({ code }) => this.errors.push(code));
    this.#pages.push(page);
    return { page, client };
  }

  connection(n: number): Promise<ScriptedConnection> {
    return this.service.connection(n);
  }

  /** A page that is connected, by connection `n` of the service. */
  async opened(
    n: number,
    options: Partial<ClientOptions> = {},
  ): Promise<Opened & { readonly pod: ScriptedConnection }> {
    const { page, client } = this.open(options);
    const pod = await this.connection(n);
    pod.welcome(`S${n}`);
    await client.ready;
    return { page, client, pod };
  }
}
