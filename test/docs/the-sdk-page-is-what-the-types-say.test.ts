import { beforeAll, describe, expect, it } from '@jest/globals';
import { sdkPage, sdkReference } from '../../scripts/sdk-reference.mjs';

let reference: ReturnType<typeof sdkReference>;
beforeAll(() => {
  reference = sdkReference();
});

it('docs/sdk.md is what `npm run docs:sdk` would write now', async () => {
  const { text, current } = await sdkPage();
  expect(current).toBe(text);
});

describe('the package of the SDK', () => {
  it('says of everything that it exports, and of every public member, what it is', () => {
    const without = reference.flatMap(({ exports }) =>
      exports.flatMap(({ name, doc, members }) => [
        ...(doc === '' ? [name] : []),
        ...members.filter((member) => member.doc === '').map((member) => `${name}.${member.name}`),
      ]),
    );
    expect(without).toEqual([]);
  });

  it('exports what its users call, so that this looks at something', () => {
    const names = reference.flatMap(({ exports }) => exports.map(({ name }) => name));
    expect(names).toEqual(expect.arrayContaining(['connect', 'Client', 'Subscription', 'Backend', 'verifyWebhook']));
    const client = reference[0]?.exports.find(({ name }) => name === 'Client');
    expect(client?.members.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['state', 'status', 'quality', 'subscribe', 'publish', 'presence', 'close']),
    );
  });

  it('names every type that a public signature names', () => {
    const exported = new Set(reference.flatMap(({ exports }) => exports.map(({ name }) => name)));
    const signatures = reference.flatMap(({ exports }) =>
      exports.flatMap(({ signature, members }) => [signature, ...members.map((member) => member.signature)]),
    );
    const named = new Set(signatures.flatMap((signature) => signature.match(/\b[A-Z][a-z]\w*/g) ?? []));
    expect([...named].filter((name) => !exported.has(name) && !ofThePlatform.has(name))).toEqual([]);
  });
});

/** Types of the language, of every platform, or of one signature; and ids and codes, which are texts to an application. */
const ofThePlatform = new Set(
  `Promise AsyncGenerator AsyncIterable AsyncIterator Error AbortSignal Date Headers Record Uint8Array URL TypeError ArrayBuffer
  Data Name Streams Value EntryId SessionId UserId ErrorName ResetReason SequenceRange Clock Readonly`.split(/\s+/),
);
