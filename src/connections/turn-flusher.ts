export interface Flushable {
  flush(): void;
}

/**
 * Everything that sockets were given in one event-loop turn is written at its end: one write per socket, however many
 * messages, acknowledgements and answers the turn brought. (The kernel's write is over 90 % of a delivery's cost.)
 */
export class TurnFlusher {
  private waiting: Flushable[] = [];

  add(item: Flushable): void {
    if (this.waiting.length === 0) setImmediate(this.run);
    this.waiting.push(item);
  }

  private readonly run = (): void => {
    const items = this.waiting;
    this.waiting = [];
    for (const item of items) item.flush();
  };
}
