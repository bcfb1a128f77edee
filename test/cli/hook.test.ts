/** The address for the broker's form: shown only to who asks for it, the one that the pages take posts at. */

import { describe, expect, it } from 'vitest';
import { createUpstoxBroker } from '../../functions/brokers/upstox.ts';
import { UPSTOX_DEFAULTS } from '../../functions/brokers/upstox-rules.ts';
import { Secret } from '../../functions/secret.ts';
import { runCommand } from '../fixtures/command-line.ts';
import { createTestSystem } from '../fixtures/system.ts';

function upstoxWorld(approval: boolean) {
  return createTestSystem({
    sessions: [{ key: 'upstox-prod', approval }],
    brokers: {
      broker: (_key, parts) =>
        createUpstoxBroker({
          ...UPSTOX_DEFAULTS.prod,
          ...parts,
          environment: 'prod',
          consumerKey: new Secret('key'),
          consumerSecret: new Secret('secret'),
          fetch: () => Promise.reject(new Error('no call was expected')),
        }),
      approve: () => '',
    },
  });
}

const ADDRESS = /^https:\/\/pin\.example\.com\/hooks\/upstox-prod\/([\w-]{43})\n$/;

describe('hook', () => {
  it('prints the address without its secret', async () => {
    const ran = await runCommand(upstoxWorld(true), ['hook', 'upstox-prod']);
    expect([ran.code, ran.out]).toEqual([
      0,
      'https://pin.example.com/hooks/upstox-prod/[redacted]\n',
    ]);
    expect(ran.notes).toContain('--show');
  });

  it('prints it whole when asked to, the same each time', async () => {
    const outs = [];
    for (const world of [upstoxWorld(true), upstoxWorld(true)]) {
      outs.push((await runCommand(world, ['hook', 'upstox-prod', '--show'])).all);
    }
    expect(outs[0]).toMatch(ADDRESS);
    expect(outs[1]).toBe(outs[0]);
  });

  it('says what is missing while nothing is taken there', async () => {
    const ran = await runCommand(upstoxWorld(false), ['hook', 'upstox-prod', '--show']);
    expect(ran.out).toMatch(ADDRESS);
    expect(ran.notes).toContain('UPSTOX_PROD_APPROVAL=push');
  });

  it.each([['etrade-sandbox'], ['nobody-prod']])('has none for %s', async (session) => {
    const ran = await runCommand(createTestSystem(), ['hook', session]);
    expect([ran.code, ran.out]).toEqual([2, '']);
  });
});
