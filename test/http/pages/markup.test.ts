/** What an HTML validator would find on our pages, as far as it is simple to look for. */

import { describe, expect, it } from 'vitest';
import {
  createFrontDoor,
  keyOf,
  MIDNIGHT,
  MORNING,
  openSignIn,
  PROD,
  SANDBOX,
  sessionStatus,
  statusOf,
} from '../../fixtures/front-door.ts';

const VOID = new Set(['meta', 'link', 'input', 'br', 'hr', 'img', 'wbr']);

async function pages(): Promise<[name: string, markup: string][]> {
  const door = createFrontDoor();
  door.answers.status = statusOf([
    sessionStatus(),
    sessionStatus({ key: PROD, title: 'E*TRADE prod', state: 'expired' }),
    sessionStatus({ key: keyOf('etrade-prod-ira'), state: 'none', lastUsedAt: null }),
  ]);
  const result = {
    word: 'signed-in',
    generation: 1,
    hardEndsAt: MIDNIGHT,
    follow: 'told',
  } as const;
  const { cookies } = door.wiring;
  const cookieOf = async (changes: object): Promise<string> =>
    (await cookies.write({ ...cookies.admit(MIDNIGHT), ...changes })).split(';')[0] ?? '';
  const plain = await cookieOf({});
  const open = await cookieOf({ pending: { [SANDBOX]: openSignIn() } });
  const done = await cookieOf({ outcome: { at: MORNING, session: SANDBOX, result } });
  const asked: [string, string, string][] = [
    ['the dashboard', '/', plain],
    ['the dashboard with news', '/?done', done],
    ['a sign-in', `/sign-in/${SANDBOX}`, plain],
    ['an open sign-in', `/sign-in/${SANDBOX}`, open],
    ['a success', `/sign-in/${SANDBOX}?done`, done],
    ['a callback', '/callback/etrade?oauth_verifier=WXYZ89', ''],
    ['no cookie', '/', ''],
    ['an ended link', '/go/forged', ''],
    ['not found', '/nowhere', ''],
  ];
  return Promise.all(
    asked.map(async ([name, path, cookie]): Promise<[string, string]> => {
      const headers = { accept: 'text/html', ...(cookie === '' ? {} : { cookie }) };
      return [name, await (await door.request(path, { headers })).text()];
    }),
  );
}

describe.each(await pages())('the markup of %s', (_name, markup) => {
  const body = markup.replace(/<(style|script)>[\s\S]*?<\/\1>/g, '');

  it('has no address with white space in it', () => {
    const addresses = [...body.matchAll(/\b(?:href|src|action)="([^"]*)"/g)].map(([, to]) => to);
    expect(addresses.length).toBeGreaterThan(0);
    expect(addresses.filter((address) => /[\s<>"{}|\\^`]/.test(address ?? ''))).toEqual([]);
  });

  it('names a moment in every time', () => {
    const times = [...body.matchAll(/<time\b([^>]*)>/g)].map(([, attributes]) => attributes ?? '');
    const iso = /\bdatetime="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"/;
    expect(times.filter((attributes) => !iso.test(attributes))).toEqual([]);
  });

  it('closes what it opens, in order, and names no id twice', () => {
    const open: string[] = [];
    for (const [, slash, name = ''] of body.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*>/g)) {
      if (slash !== '/' && !VOID.has(name)) open.push(name);
      if (slash === '/') expect(open.pop()).toBe(name);
    }
    expect(open).toEqual([]);
    const ids = [...body.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });
});
