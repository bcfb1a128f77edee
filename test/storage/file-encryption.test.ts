import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemRandom } from '../../functions/clock.ts';
import { Secret } from '../../functions/secret.ts';
import { deriveKeys, masterKeyOf, seal, unseal } from '../../functions/storage/file-encryption.ts';

const keys = deriveKeys(new Uint8Array(32).fill(7), new Uint8Array(16).fill(1));
const CHEAP = { n: 2 ** 10, r: 8, p: 1 };

function nonceOf(sealed: string): string {
  return (JSON.parse(sealed) as { nonce: string }).nonce;
}

describe('a sealed text', () => {
  it('opens to what it was, for its own context only', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), fc.string(), (text, here, there) => {
        const wellFormed = text.toWellFormed();
        const sealed = seal(keys, systemRandom, here, wellFormed);
        expect(unseal(keys, here, sealed)).toBe(wellFormed);
        if (here !== there) expect(unseal(keys, there, sealed)).toBeNull();
      }),
    );
  });

  it('does not open with the key of another passphrase or another salt', () => {
    const sealed = seal(keys, systemRandom, 'here', 'text');
    const otherMaster = deriveKeys(new Uint8Array(32).fill(8), new Uint8Array(16).fill(1));
    const otherSalt = deriveKeys(new Uint8Array(32).fill(7), new Uint8Array(16).fill(2));
    expect(unseal(otherMaster, 'here', sealed)).toBeNull();
    expect(unseal(otherSalt, 'here', sealed)).toBeNull();
  });

  it.each([
    '',
    '{}',
    'null',
    '{"format":"token-cadence/1","nonce":"","data":""}',
    '{"format":"token',
  ])('is not opened from %j', (text) => {
    expect(unseal(keys, 'here', text)).toBeNull();
  });

  it('differs each time it is sealed', () => {
    const nonces = Array.from({ length: 50 }, () =>
      nonceOf(seal(keys, systemRandom, 'here', 'text')),
    );
    expect(new Set(nonces).size).toBe(50);
  });

  it('never shares a nonce with another text or place, even if chance repeats itself', () => {
    const stuck = (size: number) => new Uint8Array(size);
    const sealed = [
      seal(keys, stuck, 'here', 'one'),
      seal(keys, stuck, 'here', 'two'),
      seal(keys, stuck, 'there', 'one'),
    ];
    expect(new Set(sealed.map(nonceOf)).size).toBe(3);
  });
});

describe('a passphrase', () => {
  it('is the same passphrase in either Unicode form', async () => {
    const salt = new Uint8Array(16);
    const composed = await masterKeyOf(new Secret('Z\u00fcrich'), salt, CHEAP);
    const decomposed = await masterKeyOf(new Secret('Zu\u0308rich'), salt, CHEAP);
    expect(composed).toEqual(decomposed);
    expect(composed).toHaveLength(32);
  });

  it('gives another key with another salt', async () => {
    const one = await masterKeyOf(new Secret('Zurich'), new Uint8Array(16), CHEAP);
    const two = await masterKeyOf(new Secret('Zurich'), new Uint8Array(16).fill(1), CHEAP);
    expect(one).not.toEqual(two);
  });
});
