// What runs in the page: the same clients as in a process of load-main, with the platform's WebSocket and storage.
import type { LogRecord, Happening } from '../judge/records.js';
import { LoadClient, type LoadClientOptions, type LoadMemory } from '../load/load-client.js';
import type { Notes } from '../load/record-log.js';
import { Ticker } from '../load/ticker.js';
import type { BatonPage, NumberedNote, PageGlobals, PageLoadOptions, PageLoadStatus } from './page-messages.js';

interface Platform extends PageGlobals {
  readonly sessionStorage: { getItem(key: string): string | null; setItem(key: string, value: string): void };
  addEventListener(type: 'pagehide', listener: () => void): void;
}

const platform = globalThis as unknown as Platform;
const questions = 15;
const keptNotes = 300;

/** The clock of the machine's other processes, off by half of the quickest answer at most: less than a millisecond. */
async function calibratedClock(): Promise<() => number> {
  let best = { roundTripMs: Infinity, offsetUs: 0 };
  for (let n = 0; n < questions; n += 1) {
    const askedMs = performance.now();
    const answerUs = Number(await (await fetch('/clock')).text());
    const roundTripMs = performance.now() - askedMs;
    const offsetUs = answerUs - (askedMs + roundTripMs / 2) * 1000;
    if (roundTripMs < best.roundTripMs) best = { roundTripMs, offsetUs };
  }
  return () => Math.round(performance.now() * 1000 + best.offsetUs);
}

/** What a page says to its browser in its last moment may not be heard: the page after it says it again. */
class PageNotes implements Notes {
  private readonly key: string;
  private readonly last: NumberedNote[];
  private count: number;

  constructor(
    name: string,
    readonly nowUs: () => number,
  ) {
    this.key = `notes of ${name}`;
    this.last = JSON.parse(platform.sessionStorage.getItem(this.key) ?? '[]') as NumberedNote[];
    this.count = this.last.at(-1)?.number ?? 0;
    for (const note of this.last) platform.batonNote(JSON.stringify(note));
    platform.addEventListener('pagehide', () => {
      platform.sessionStorage.setItem(this.key, JSON.stringify(this.last));
    });
  }

  note(who: string, happening: Happening): void {
    const record: LogRecord = { atUs: this.nowUs(), who, ...happening };
    const note = { number: (this.count += 1), record };
    if (this.last.push(note) > keptNotes) this.last.shift();
    platform.batonNote(JSON.stringify(note));
  }
}

class PageMain implements BatonPage {
  private clients: readonly LoadClient[] = [];
  private ticker: Ticker | null = null;
  private next = 0;

  /** Another load in a copy of the tab isn't this one: it remembers nothing. */
  async begin(options: PageLoadOptions): Promise<void> {
    const memoryKey = `memory of ${options.name}`;
    const nowUs = await calibratedClock();
    const notes = new PageNotes(options.name, nowUs);
    const memories = options.keeps ? remembered(memoryKey) : [];
    this.clients = Array.from({ length: options.clients }, (_, index) => {
      const before = memories[index];
      const keeps = options.keeps && { storageKey: `client ${index}`, ...(before && { before }) };
      return new LoadClient(`${options.name}-${index}`, index, { ...clientOptions(options), ...keeps }, notes);
    });
    if (options.keeps) platform.addEventListener('pagehide', () => this.remember(memoryKey));
    this.ticker = new Ticker(options.clients * options.perSecond, () => {
      this.clients[this.next++ % this.clients.length]?.publish();
    });
  }

  publish(): void {
    this.ticker?.start();
  }
  quiet(): void {
    this.ticker?.stop();
  }
  lastWord(): void {
    for (const client of this.clients) client.lastWord();
  }
  async finish(): Promise<void> {
    this.quiet();
    await Promise.all(this.clients.map((client) => client.finish()));
  }

  status(): PageLoadStatus {
    const kinds = this.clients.map(({ state }) => state.kind);
    const sum = (of: (client: LoadClient) => number) => this.clients.reduce((total, client) => total + of(client), 0);
    return {
      clients: this.clients.length,
      connected: kinds.filter((kind) => kind === 'connected' || kind === 'moving').length,
      subscribed: this.clients.filter(({ subscribed }) => subscribed).length,
      moving: kinds.filter((kind) => kind === 'moving').length,
      moves: sum(({ welcomes }) => Math.max(0, welcomes - 1)),
      received: sum(({ received }) => received),
      acknowledged: sum(({ acknowledged }) => acknowledged),
      inFlight: sum(({ inFlight }) => inFlight),
      sessions: this.clients.map(({ sessionId }) => sessionId),
      attempts: this.clients.map(({ attempt }) => attempt),
    };
  }

  private remember(memoryKey: string): void {
    platform.sessionStorage.setItem(memoryKey, JSON.stringify(this.clients.map(({ memory }) => memory)));
  }
}

function remembered(memoryKey: string): readonly LoadMemory[] {
  return JSON.parse(platform.sessionStorage.getItem(memoryKey) ?? '[]') as readonly LoadMemory[];
}

function clientOptions({ tokens, ...options }: PageLoadOptions): LoadClientOptions {
  return { ...options, token: async (user) => tokens[user] ?? '' };
}

platform.batonPage = new PageMain();
