import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { settingsFrom } from '../../src/client/client-options.js';
import { MAX_UNANSWERED_SEQUENCES } from '../../src/protocol/bounds.js';
import { asPublisherId, asSessionId } from '../../src/protocol/ids.js';
import {
  decideSequenced,
  NOTHING_SETTLED,
  type SequencedDecision,
  type Settled,
} from '../../src/streams/append-rule.js';
import type { SequencedItem } from '../../src/streams/stream-log.js';

const options = { url: 'ws://127.0.0.1', token: 'token' };
const refused = (seq: number, after: number): SequencedItem => ({
  ...{ kind: 'refuse', session: asSessionId('s'), publisher: asPublisherId('p'), seq, after },
  ...{ data: '', code: 'forbidden', readAtMs: 0 },
});
const decide = (settled: Settled, item: SequencedItem): SequencedDecision => decideSequenced(settled, item, 0, 1_000);

describe('the answers that a cut connection has lost', () => {
  it('are given again for all that the SDK may have under way', () => {
    const { maxUnsettled } = settingsFrom(options);
    const before = 5_000;
    let settled: Settled = NOTHING_SETTLED;
    for (let seq = 1; seq <= before + maxUnsettled; seq += 1) ({ settled } = decide(settled, refused(seq, seq - 1)));
    const again = Array.from({ length: maxUnsettled }, (_, index) => before + index + 1);
    const answers = again.map((seq) => decide(settled, refused(seq, seq - 1)).result.kind);
    expect(answers.filter((kind) => kind !== 'refused')).toEqual([]);
  });

  it('are as many as the protocol says, marks included, and their number is bounded', () => {
    const step = 3;
    let settled: Settled = NOTHING_SETTLED;
    let most = 0;
    const last = step * 3_000;
    for (let seq = step; seq <= last; seq += step) {
      ({ settled } = decide(settled, refused(seq, seq - step)));
      most = Math.max(most, settled.refused.length + settled.jumps.length);
    }
    const oldest = last - MAX_UNANSWERED_SEQUENCES + 1;
    const kept = settled.jumps.filter(([, seq]) => seq >= oldest);
    expect(kept).toHaveLength(Math.ceil(MAX_UNANSWERED_SEQUENCES / step));
    expect(most).toBeLessThanOrEqual(2 * MAX_UNANSWERED_SEQUENCES);
  });

  it('are remembered by the script as by the rule', async () => {
    const script = await readFile(new URL('../../src/redis/scripts/append.lua', import.meta.url), 'utf8');
    expect(/^local NOTES_KEPT = (\d+)$/m.exec(script)?.[1]).toBe(String(MAX_UNANSWERED_SEQUENCES));
  });

  it.each([1_001, Infinity, NaN])('would not be for %d publishes under way: the SDK refuses that', (maxUnsettled) => {
    expect(settingsFrom({ ...options, maxUnsettled: 1_000 }).maxUnsettled).toBe(1_000);
    expect(() => settingsFrom({ ...options, maxUnsettled })).toThrow(RangeError);
  });
});
