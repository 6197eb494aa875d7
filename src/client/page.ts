/** What a page has, and other platforms may lack. */
interface Page {
  addEventListener?(type: PageEvent, listener: () => void): void;
  removeEventListener?(type: PageEvent, listener: () => void): void;
}

/** `pagehide`: the page ends, perhaps for good. `online`: its network is back. */
type PageEvent = 'pagehide' | 'online';

/** Returns the function that removes the listener. Nothing is heard where there is no page. */
export function onPage(type: PageEvent, listener: () => void): () => void {
  const page = globalThis as Page;
  page.addEventListener?.(type, listener);
  return () => page.removeEventListener?.(type, listener);
}
