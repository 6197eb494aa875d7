import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EntryId } from '../../src/protocol/ids.js';
import { frameMessages, frameText } from '../../src/streams/framing.js';
import { parseFrames } from '../support/stream-pod.js';

const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,32}$/).map((text) => text as EntryId);
const data = fc.json({ stringUnit: 'binary' });
const entry = fc.record({ offset: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), id, prev: id, data });

describe('a frame', () => {
  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 200_000])('of %i bytes has the shortest length field', (size) => {
    const text = JSON.stringify('x'.repeat(Math.max(0, size - 2))).slice(0, size);
    const frame = frameText(text);
    const header = size < 126 ? 2 : size < 65_536 ? 4 : 10;
    expect(frame.length).toBe(header + size);
    expect(frame[0]).toBe(0x81);
    expect(frame[1]).toBe(size < 126 ? size : size < 65_536 ? 126 : 127);
    expect(frame.toString('utf8', header)).toBe(text);
  });

  it('counts bytes, not characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
        expect(parseFrames(frameText(JSON.stringify(text)))).toEqual([text]);
      }),
    );
  });

  it('of several messages in one buffer is the same bytes as each alone', () => {
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 20 }), (entries) => {
        const together = frameMessages('channel:room', entries);
        expect(together).toEqual(Buffer.concat(entries.map((one) => frameMessages('channel:room', [one]))));
        const expected = entries.map((one) => ({
          type: 'message',
          stream: 'channel:room',
          ...one,
          data: JSON.parse(one.data) as unknown,
        }));
        expect(parseFrames(together)).toEqual(expected);
      }),
    );
  });
});
