import type { Grant } from '../protocol/grants.js';

/** So many different ones at a time: each may be as long as a token. */
const MOST = 500;

/** Most sessions of a pod have the same grants as others, and a list each would be a good part of an idle connection. */
export class SharedGrants {
  private readonly byText = new Map<string, readonly Grant[]>();

  /** Throws SyntaxError. */
  of(text: string): readonly Grant[] {
    const known = this.byText.get(text);
    if (known) return known;
    const grants = JSON.parse(text) as readonly Grant[];
    if (this.byText.size >= MOST) this.byText.clear();
    this.byText.set(text, grants);
    return grants;
  }
}
