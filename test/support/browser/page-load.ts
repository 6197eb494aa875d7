import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContext, CDPSession, Page } from 'playwright-core';
import { eventually } from '../eventually.js';
import { signToken } from '../load/credentials.js';
import type { Stage } from '../stage/stage.js';
import type { BatonPage, NumberedNote, PageLoadOptions, PageLoadStatus } from './page-messages.js';
import { strictPolicy, type WebPage } from './page-server.js';

/** The page of a PageLoad, to be served at `/load`. */
export const loadPage: WebPage = {
  html: '<!doctype html><title>load</title><script type="module" src="/dist/test/support/browser/page-main.js"></script>',
  policy: strictPolicy,
};

export type PageLoadWishes = Pick<PageLoadOptions, 'name' | 'clients' | 'perSecond'> & Partial<PageLoadOptions>;

/** A page full of clients, which write down what they see into the stage's records, as those of a Load do. */
export class PageLoad {
  /** What the page has said on its console, and errors that nobody caught. */
  readonly words: string[] = [];

  private constructor(
    readonly page: Page,
    readonly cdp: CDPSession,
    private readonly options: PageLoadOptions,
  ) {
    page.on('console', (message) => this.words.push(message.text()));
    page.on('pageerror', (error) => this.words.push(String(error)));
  }

  /** Resolves when its clients have begun to connect. @param origin that of a PageServer with the load's page */
  static async open(stage: Stage, context: BrowserContext, origin: string, wishes: PageLoadWishes): Promise<PageLoad> {
    const page = await context.newPage();
    await page.goto(`${origin}/load`);
    return PageLoad.in(page, stage, wishes);
  }

  /** The same in a page that is open, and shows the load's page. */
  static async in(page: Page, stage: Stage, wishes: PageLoadWishes): Promise<PageLoad> {
    const options = await optionsFor(stage, wishes);
    const load = new PageLoad(page, await page.context().newCDPSession(page), options);
    await load.takeNotes(join(stage.logs, `clients-${wishes.name}.jsonl`));
    await load.begin();
    return load;
  }

  /** A tab with a copy of this one's storage, as `Duplicate` in a browser's menu makes it: what a page opens has it, too. */
  async duplicate(): Promise<Page> {
    const opened = this.page.context().waitForEvent('page');
    await this.cdp.send('Runtime.evaluate', { expression: 'void open(location.href)', userGesture: true });
    const copy = await opened;
    await copy.waitForLoadState('load');
    return copy;
  }

  /** As the user's own reload: its scripts run anew, and its clients go on if they keep what they need for that. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.begin();
  }

  status(): Promise<PageLoadStatus> {
    return this.ask('status()');
  }
  publish(): Promise<void> {
    return this.ask('publish()');
  }
  quiet(): Promise<void> {
    return this.ask('quiet()');
  }
  lastWords(): Promise<void> {
    return this.ask('lastWord()');
  }
  /** Last words, and everybody leaves. */
  finish(): Promise<void> {
    return this.ask('finish()');
  }

  /** Until what it says of itself is as wanted. */
  async until(what: string, withinMs: number, wanted: (status: PageLoadStatus) => boolean): Promise<void> {
    let last: PageLoadStatus | null = null;
    const met = async () => wanted((last = await this.status()));
    const why = () => `the page's clients ${what} (${JSON.stringify(last)}; ${this.words.slice(-5).join('; ')})`;
    await eventually(why, met, { withinMs, everyMs: 50 });
  }

  async arrived(withinMs = 15_000): Promise<void> {
    await this.until('to subscribe', withinMs, ({ clients, subscribed }) => subscribed === clients);
  }

  /** Until it has received so many more messages. */
  async received(more: number, withinMs = 15_000): Promise<void> {
    const { received: before } = await this.status();
    await this.until(`to receive ${more} messages`, withinMs, ({ received }) => received - before >= more);
  }

  /** Publishes nothing more; resolves when all is settled and everybody connected. */
  async comeToRest(withinMs: number): Promise<void> {
    await this.quiet();
    const calm = ({ clients, connected, moving, inFlight }: PageLoadStatus) =>
      connected === clients && moving === 0 && inFlight === 0;
    await this.until('to come to rest', withinMs, calm);
  }

  private begin(): Promise<void> {
    return this.ask(`begin(${JSON.stringify(this.options)})`);
  }

  /** Past the page's policy, which allows no `eval`. */
  private async ask<Call extends keyof BatonPage>(
    call: `${Call}(${string})`,
  ): Promise<Awaited<ReturnType<BatonPage[Call]>>> {
    const expression = `batonPage.${call}`;
    const { result, exceptionDetails } = await this.cdp.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails !== undefined)
      throw new Error(`${call}: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
    return result.value as Awaited<ReturnType<BatonPage[Call]>>;
  }

  /** The binding outlives reloads. */
  private async takeNotes(file: string): Promise<void> {
    appendFileSync(file, '');
    let last = 0;
    this.cdp.on('Runtime.bindingCalled', ({ payload }) => {
      const { number, record } = JSON.parse(payload) as NumberedNote;
      if (number <= last) return;
      if (number > last + 1) this.words.push(`notes ${last + 1} to ${number - 1} are missing`);
      last = number;
      appendFileSync(file, `${JSON.stringify(record)}\n`);
    });
    await this.cdp.send('Runtime.enable');
    await this.cdp.send('Runtime.addBinding', { name: 'batonNote' });
  }
}

async function optionsFor(stage: Stage, wishes: PageLoadWishes): Promise<PageLoadOptions> {
  const [tenant = ''] = stage.options.tenants;
  const { roomSize, backoff } = stage.options;
  const users = Array.from({ length: wishes.clients }, (_, index) => `user-${Math.floor(index / 2)}`);
  const tokens = users.map(async (user) => [user, await signToken(stage.secrets.signer, tenant, user)] as const);
  return {
    url: stage.url,
    tenant,
    roomSize,
    tokens: Object.fromEntries(await Promise.all(tokens)),
    keeps: false,
    ...(backoff && { backoff }),
    ...wishes,
  };
}
