/** Refusals that only one broker plays, in the forms its simulator can be switched to. */

import { afterEach, describe, expect, test } from 'vitest';
import type { BrokerToken } from '../../functions/brokers/broker.ts';
import { Secret } from '../../functions/secret.ts';
import { type SimulatedBroker, startSimulatedBroker } from './simulated-broker.ts';

let at: SimulatedBroker | null = null;

afterEach(async () => {
  await at?.close();
  at = null;
});

async function signedIn(name: string): Promise<{ at: SimulatedBroker; token: BrokerToken }> {
  const running = await startSimulatedBroker(name, 'prod');
  at = running;
  const begun = await running.broker.begin();
  if (!begun.ok) throw new Error(begun.problem);
  const verifier = await running.accept(begun.authorizeUrl);
  const completed = await running.broker.complete(begun.signIn, verifier);
  if (!completed.ok) throw new Error(completed.problem);
  return { at: running, token: completed.token };
}

test.each([
  'mfa_required',
  'login_required',
  'interaction_required',
  'consent_required',
  'access_denied',
])('TradeStation’s %s at a refresh needs a sign-in', async (word) => {
  const { at: running, token } = await signedIn('tradestation');
  running.simulator.setSwitch('refreshAsks', word);
  const expected = { ok: false, reason: 'sign-in-needed', problem: word, status: 403 };
  expect(await running.broker.renew(token)).toMatchObject(expected);
});

test.each(['fault', 'challenge'])(
  'Schwab’s app without the API product, named in the %s, is configuration',
  async (form) => {
    const { at: running, token } = await signedIn('schwab');
    running.simulator.setSwitch('missingProduct', form);
    expect(await running.broker.probe(token)).toMatchObject({
      reason: 'configuration',
      problem: 'NoApiProductMatchFound',
    });
  },
);

describe.each([
  ['kite', ['whole', 'type-and-message', 'message']],
  ['upstox', ['enveloped', 'flat', 'message']],
] as const)('%s: a dead token', (name, forms) => {
  test.each(forms)('needs a sign-in, its error %s', async (form) => {
    const { at: running, token } = await signedIn(name);
    running.simulator.setSwitch('errorForm', form);
    const dead = { ...token, accessToken: new Secret('another-access-token') };
    const expected = { ok: false, reason: 'sign-in-needed' };
    expect(await running.broker.probe(dead)).toMatchObject(expected);
    expect(await running.broker.probe(token)).toMatchObject({ ok: true });
  });
});
