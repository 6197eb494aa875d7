import type { AppendLimits } from './append-limits.js';
import type { Entry } from './stream-log.js';

export interface KeptEntry extends Entry {
  readonly atMs: number;
  readonly bytes: number;
}

/** The log may grow past its window by this part of it, so that a full one isn't trimmed at every append. */
const SLACK = 1 / 16;

export type Window = Pick<AppendLimits, 'windowMs' | 'windowMessages' | 'windowBytes'>;

/** When age alone makes a log whose oldest entry is of this time be looked at. */
export const trimAtMs = (oldestMs: number, { windowMs }: Window): number => oldestMs + windowMs * (1 + SLACK);

/** append.lua's trim: the entries within the window in age, count and bytes; the newest always stays. */
export function withinWindow(
  entries: readonly KeptEntry[],
  trimDueMs: number,
  window: Window,
  nowMs: number,
): readonly KeptEntry[] {
  const total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  const full = entries.length > window.windowMessages * (1 + SLACK) || total > window.windowBytes * (1 + SLACK);
  if (!full && nowMs < trimDueMs) return entries;
  let from = Math.max(0, entries.length - window.windowMessages);
  let kept = entries.slice(from).reduce((sum, { bytes }) => sum + bytes, 0);
  for (; from < entries.length - 1; from += 1) {
    const oldest = entries[from];
    if (!oldest || (kept <= window.windowBytes && oldest.atMs > nowMs - window.windowMs)) break;
    kept -= oldest.bytes;
  }
  return entries.slice(from);
}
