import type { Fleet, PodRow } from '../fleet/fleet.js';

const ASKED_AT_MOST = 3;
const ANSWER_WITHIN_MS = 500;

/**
 * Asks other pods whether Redis answers them, once it doesn't answer this one: the pods have nothing else in common, so
 * what a pod knows of them is from before. Whoever doesn't answer has said nothing.
 */
export class PeersRedis {
  constructor(
    private readonly fleet: Pick<Fleet, 'peers'>,
    private readonly random: () => number = Math.random,
  ) {}

  async someIsWell(): Promise<boolean> {
    const urls = this.fleet.peers().flatMap(probeUrlIfServing);
    const answers = await Promise.all(this.some(urls).map((url) => isWell(`${url}/redisz`)));
    return answers.includes(true);
  }

  private some(urls: readonly string[]): readonly string[] {
    return urls
      .map((url) => ({ url, place: this.random() }))
      .sort((a, b) => a.place - b.place)
      .slice(0, ASKED_AT_MOST)
      .map(({ url }) => url);
  }
}

const probeUrlIfServing = ({ state, probeUrl }: PodRow): readonly string[] =>
  state === 'serving' && probeUrl !== null ? [probeUrl] : [];

async function isWell(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS), redirect: 'error' });
    await response.body?.cancel();
    return response.ok;
  } catch {
    // Gone, cut off, or slow: all of these are no evidence.
    return false;
  }
}
