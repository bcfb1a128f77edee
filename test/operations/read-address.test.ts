import { describe, expect, it } from 'vitest';
import { readOauth2Callback } from '../../functions/brokers/oauth2.ts';
import { readAddress } from '../../functions/operations/read-address.ts';

const broker = { readCallback: readOauth2Callback };
const signIn = { id: 'our-state' };
const read = (text: string) => readAddress(broker, signIn, text);

describe('an address that a person was led to', () => {
  it.each([
    'https://127.0.0.1/?code=abc%40&state=our-state',
    '  http://localhost:8080/callback?state=our-state&session=1&code=abc%40\n',
    'https://pages.example/callback/schwab?code=abc%40&state=our-state#top',
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
