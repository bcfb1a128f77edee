import { describe, expect, it } from 'vitest';
import { readEtradeCallback } from '../../functions/brokers/etrade-answers.ts';
import { readOauth2Callback } from '../../functions/brokers/oauth2.ts';
import { readAddress, readPasted } from '../../functions/operations/read-address.ts';

const broker = { readCallback: readOauth2Callback, verifierKind: 'redirect' } as const;
const signIn = { id: 'our-state' };
const read = (text: string) => readAddress(broker, signIn, text);

describe('an address that a person was led to', () => {
  it.each([
    'https://127.0.0.1/?code=abc%40&state=our-state',
    '  http://localhost:8080/callback?state=our-state&session=1&code=abc%40\n',
    'https://pages.example/callback/schwab?code=abc%40&state=our-state#top',
    '\ufeff\u200bhttps://127.0.0.1/?co\u00adde=abc%40&state=our-\u200bstate\u200e',
    'https://127.0.0.1/?code=%E2%80%8Babc%40%EF%BB%BF&state=our-state',
  ])('holds the code, decoded once: %s', (text) => {
    const found = read(text);
    expect(found.type === 'verifier' && found.verifier.reveal()).toBe('abc@');
  });

  it.each([
    ['', 'unreadable'],
    ['abc', 'unreadable'],
    ['127.0.0.1/?code=abc&state=our-state', 'unreadable'],
    ['https://127.0.0.1/', 'unreadable'],
    ['https://127.0.0.1/?state=our-state', 'unreadable'],
    ['https://127.0.0.1/?code=&state=our-state', 'unreadable'],
    ['https://127.0.0.1/?code=abc def&state=our-state', 'unreadable'],
    ['https://127.0.0.1/?code=abc\ndef&state=our-state', 'unreadable'],
    ['https://127.0.0.1/?code=abc%20def&state=our-state', 'unreadable'],
    ['https://127.0.0.1/?code=abc&state=our-state and more', 'unreadable'],
    ['see https://127.0.0.1/?code=abc&state=our-state', 'unreadable'],
    ['https://127.0.0.1/?code=abc', 'unreadable'],
    ['https://127.0.0.1/?code=abc&state=another', 'foreign'],
    ['https://127.0.0.1/?error=access_denied&state=another', 'foreign'],
  ])('"%s" is %s', (text, type) => {
    expect(read(text).type).toBe(type);
  });

  it('tells a person’s no from the broker’s', () => {
    const text = (error: string) => `https://127.0.0.1/?error=${error}&state=our-state`;
    expect(read(text('access_denied'))).toMatchObject({ type: 'not-granted', reason: 'declined' });
    expect(read(text('invalid_scope'))).toMatchObject({
      type: 'not-granted',
      reason: 'refused',
      problem: 'invalid_scope',
    });
  });
});

describe('what is pasted for a PIN', () => {
  const pinBroker = { readCallback: readEtradeCallback, verifierKind: 'pin' } as const;
  const pasted = (text: string, open: { id: string } | null = { id: 'request+token' }) => {
    const found = readPasted(pinBroker, open, text);
    return found.type === 'verifier' ? found.verifier.reveal() : found.type;
  };

  it.each([
    ['H92GX', 'H92GX'],
    [' \u200bH92GX\n', 'H92GX'],
    ['https://pages.example/callback/etrade?oauth_verifier=H92GX', 'H92GX'],
    ['https://localhost/?oauth_token=request%2Btoken&oauth_verifier=H92GX', 'H92GX'],
    ['https://localhost/?oauth_token=other&oauth_verifier=H92GX', 'foreign'],
    ['https://localhost/?oauth_verifier=no+PIN+at+all', 'unreadable'],
  ])('"%s" is %s', (text, expected) => {
    expect(pasted(text)).toBe(expected);
  });

  it('is of no sign-in where none is open', () => {
    expect(pasted('https://localhost/?oauth_verifier=H92GX', null)).toBe('foreign');
  });
});
