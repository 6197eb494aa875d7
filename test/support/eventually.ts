import { inspect } from 'node:util';

export interface EventuallyOptions {
  /** How long the condition may take to come true, in ms. */
  readonly withinMs?: number;
  /** The pause between two looks, in ms. */
  readonly everyMs?: number;
}

type Truthy<T> = Exclude<T, false | 0 | '' | null | undefined>;

/**
 * Waits until the condition is truthy and returns its value; an exception counts as "not yet".
 * @param why what is waited for, as a sentence's object ("the session to be resumed"); a function is asked at the end
 * @throws Error that names it and what was last seen or thrown
 */
export async function eventually<T>(
  why: string | (() => string),
  condition: () => T | Promise<T>,
  { withinMs = 5000, everyMs = 20 }: EventuallyOptions = {},
): Promise<Truthy<T>> {
  const deadlineMs = performance.now() + withinMs;
  let look: Look<T> = { seen: 'nothing yet' };
  do {
    look = await within(deadlineMs, lookAt(condition), look);
    if (look.value !== undefined) return look.value;
    await pause(everyMs);
  } while (performance.now() < deadlineMs);
  const what = typeof why === 'string' ? why : why();
  throw new Error(`waited ${withinMs} ms for ${what}; last seen: ${look.seen}`, { cause: look.cause });
}

interface Look<T> {
  readonly value?: Truthy<T>;
  readonly seen: string;
  readonly cause?: unknown;
}

async function lookAt<T>(condition: () => T | Promise<T>): Promise<Look<T>> {
  try {
    const value = await condition();
    return isTruthy(value) ? { value, seen: inspect(value) } : { seen: inspect(value) };
  } catch (cause) {
    return { seen: `it threw ${cause instanceof Error ? cause.message : inspect(cause)}`, cause };
  }
}

function isTruthy<T>(value: T): value is Truthy<T> {
  return Boolean(value);
}

/** A condition that never settles must not hold the test longer than the deadline. */
async function within<T>(deadlineMs: number, look: Promise<Look<T>>, before: Look<T>): Promise<Look<T>> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<Look<T>>((resolve) => {
    const late: Look<T> = { seen: `a condition that did not settle (before that: ${before.seen})` };
    timer = setTimeout(resolve, Math.max(0, deadlineMs - performance.now()), late);
  });
  try {
    return await Promise.race([look, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

function pause(forMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, forMs));
}
