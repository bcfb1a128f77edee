import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ETRADE_VERIFIER } from '../../functions/brokers/etrade-rules.ts';
import { KITE_VERIFIER } from '../../functions/brokers/kite-rules.ts';
import { CODE_SHAPE } from '../../functions/brokers/oauth2.ts';
import { readVerifier, visibleText } from '../../functions/lifecycle/verifier.ts';

/** What copying from pages, mails and chats is known to bring along. */
const INVISIBLE = {
  'a soft hyphen': '\u00ad',
  'a combining grapheme joiner': '\u034f',
  'an Arabic letter mark': '\u061c',
  'a Mongolian vowel separator': '\u180e',
  'a zero-width space': '\u200b',
  'a zero-width non-joiner': '\u200c',
  'a zero-width joiner': '\u200d',
  'a left-to-right mark': '\u200e',
  'a right-to-left mark': '\u200f',
  'a right-to-left override': '\u202e',
  'a pop of direction': '\u202c',
  'a word joiner': '\u2060',
  'an isolate': '\u2066',
  'a Hangul filler': '\u3164',
  'a variation selector': '\ufe0f',
  'a byte-order mark': '\ufeff',
  'a tag': '\u{e0041}',
};

describe('what nobody sees', () => {
  it.each(Object.entries(INVISIBLE))('%s is taken off before, within and after', (_name, mark) => {
    const pasted = `${mark}H9${mark}2G${mark}X${mark}`;
    expect(readVerifier(pasted, ETRADE_VERIFIER)).toEqual({ ok: true, verifier: 'H92GX' });
  });

  it('changes no PIN, wherever and however often it stands, blanks around it included', () => {
    const marks = fc.array(fc.constantFrom(...Object.values(INVISIBLE)), { maxLength: 3 });
    const blank = fc.constantFrom('', ' ', '\t', '\n', '\r\n', '\u00a0', '\u2003', '\u3000');
    const pin = fc.stringMatching(/^[A-Z0-9]{5,7}$/);
    fc.assert(
      fc.property(pin, fc.infiniteStream(marks), blank, blank, (typed, stream, before, after) => {
        const noise = () => stream.next().value.join('');
        const text = [...typed].map((character) => noise() + character).join('');
        const pasted = `${noise()}${before}${noise()}${text}${noise()}${after}${noise()}`;
        expect(readVerifier(pasted, ETRADE_VERIFIER)).toEqual({ ok: true, verifier: typed });
      }),
    );
  });

  it.each(['', ' \t\n', '\u200b', '\ufeff \u00ad'])('%j is empty', (text) => {
    expect(readVerifier(text, ETRADE_VERIFIER)).toEqual({ ok: false, reason: 'empty' });
    expect(visibleText(text)).toBe('');
  });
});

describe('a PIN of E*TRADE', () => {
  it.each(['H92GX', 'IM0KO', 'WXYZ89', 'Y27X25F', 'h92gx', '12345', 'ABCD'])('may be %s', (pin) => {
    expect(readVerifier(pin, ETRADE_VERIFIER)).toEqual({ ok: true, verifier: pin });
  });

  it.each([
    'hello my friend this is it',
    'H92 GX',
    'H92\u00a0GX',
    'H92\nGX',
    'PIN: H92GX',
    'H92-GX',
    'H92GX.',
    '"H92GX"',
    'H92GX\u0000',
    '\u001b[200~H92GX',
    'Ｈ９２ＧＸ',
    'Н92GX',
    'H92G\u0301X',
    'H92GX🙂',
    'H92G\ud800',
    '%48%39%32%47%58',
    'password!23',
    'ABC',
    '1',
  ])('cannot be %j', (text) => {
    expect(readVerifier(text, ETRADE_VERIFIER)).toEqual({ ok: false, reason: 'malformed' });
  });

  it('has a length', () => {
    const longest = 'A'.repeat(ETRADE_VERIFIER.maxLength);
    expect(readVerifier(longest, ETRADE_VERIFIER)).toEqual({ ok: true, verifier: longest });
    const reason = { ok: false, reason: 'too-long' };
    expect(readVerifier(`${longest}A`, ETRADE_VERIFIER)).toEqual(reason);
  });
});

describe('a code', () => {
  it.each(['mk404x', 'C0.b2F1dGg.aBc-_x@', 'C0.abc%40', 'a+b/c=', '~!*'])('may be %s', (code) => {
    expect(readVerifier(code, CODE_SHAPE)).toEqual({ ok: true, verifier: code });
  });

  it.each(['mk 404x', 'mk404x\u0001', 'mké'])('cannot be %j', (text) => {
    expect(readVerifier(text, CODE_SHAPE)).toEqual({ ok: false, reason: 'malformed' });
  });

  it('of Kite has letters and digits', () => {
    expect(readVerifier('x9'.repeat(16), KITE_VERIFIER).ok).toBe(true);
    expect(readVerifier('x9%40', KITE_VERIFIER)).toEqual({ ok: false, reason: 'malformed' });
  });
});
