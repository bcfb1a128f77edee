import { expect, test } from 'vitest';
import { BROKERS } from '../../functions/brokers/registry.ts';
import { parseSessionKey } from '../../functions/lifecycle/session.ts';
import { Secret } from '../../functions/secret.ts';

test.each(Object.entries(BROKERS))('%s is what its entry says', (name, entry) => {
  expect(parseSessionKey(`${name}-prod`)?.broker).toBe(entry.name);
  for (const environment of ['sandbox', 'prod'] as const) {
    const defaults = entry.defaults[environment];
    if (defaults === undefined) continue;
    for (const url of Object.values(defaults))
      expect(url).toMatch(/^https:\/\/[a-z0-9./-]+[a-z0-9]$/);
    const broker = entry.create({
      ...defaults,
      environment,
      consumerKey: new Secret('key'),
      consumerSecret: new Secret('secret'),
      fetch: () => Promise.reject(new Error('no network')),
      clock: () => 0,
      random: (size) => new Uint8Array(size),
      wait: () => Promise.resolve(),
    });
    expect(broker).toMatchObject({ name: entry.name, title: entry.title, rules: entry.rules });
    expect(broker.approval !== undefined).toBe(entry.hasApproval ?? false);
    expect(defaults.authorizeUrl.startsWith(`${broker.authorizeOrigin}/`)).toBe(true);
  }
});

test('E*TRADE ends at New York’s midnight, idles after two hours and is woken by a renewal', () => {
  expect(BROKERS['etrade']).toMatchObject({
    title: 'E*TRADE',
    rules: {
      market: 'NYSE',
      hardEnd: { kind: 'wall-clock', time: '00:00', zone: 'America/New_York' },
      idleLimitMs: 7_200_000,
      accessLifeMs: null,
      renewal: 'reactivate',
      signInOpenMs: 300_000,
    },
  });
});

test.each(['constructor', 'toString', '__proto__', 'unknown'])('%s names no broker', (name) => {
  expect(BROKERS[name]).toBeUndefined();
});
