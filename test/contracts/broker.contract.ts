/**
 * What every broker's adapter promises, tried against its simulator over HTTP.
 *
 * Everything expected follows from the broker's rules; what they do not say is in its `BrokerPerson`.
 */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type {
  BeginAnswer,
  BrokerFailure,
  BrokerToken,
  CompleteAnswer,
} from '../../functions/brokers/broker.ts';
import { hardEndAt } from '../../functions/lifecycle/hard-end.ts';
import { Secret } from '../../functions/secret.ts';
import type { BrokerPerson } from '../brokers/persons.ts';
import { type SimulatedBroker, startSimulatedBroker } from '../brokers/simulated-broker.ts';
import { HOUR_MS, MINUTE_MS } from '../fixtures/test-clock.ts';

const SAFE_WORD = /^[A-Za-z0-9_.-]{1,60}$/;

/** Called with the result of each check, for a table. */
export type OnCheck = (broker: string, check: string, passed: boolean) => void;

export function describeBroker(person: BrokerPerson, onCheck: OnCheck = () => {}): void {
  let at: SimulatedBroker;

  beforeEach(async () => {
    at = await startSimulatedBroker(person.name, person.environment);
  });

  afterEach(async ({ task }) => {
    onCheck(person.name, task.name, task.result?.state === 'pass');
    await at.close();
  });

  async function begin(by = at.broker): Promise<Extract<BeginAnswer, { ok: true }>> {
    const begun = await by.begin();
    if (!begun.ok) throw new Error(begun.problem);
    return begun;
  }

  async function signIn(by = at.broker): Promise<BrokerToken> {
    const { authorizeUrl, signIn: opened } = await begin(by);
    const completed = await by.complete(opened, await at.accept(authorizeUrl));
    if (!completed.ok) throw new Error(completed.problem);
    return completed.token;
  }

  /** Where nothing renews, a dead token needs a person; elsewhere one renewal is worth trying. */
  function classOfDeadToken(): BrokerFailure['reason'] {
    return at.broker.rules.renewal === 'none' ? 'sign-in-needed' : 'renewable';
  }

  function firstEndMs(): number {
    const { rules } = at.broker;
    const now = at.now();
    const hardEnd = hardEndAt(rules, { issuedAt: now, signedInAt: now });
    const ends = [rules.accessLifeMs, rules.idleLimitMs, hardEnd === null ? null : hardEnd - now];
    return Math.min(...ends.filter((end) => end !== null));
  }

  const rejected = { ok: false, reason: 'sign-in-needed' } as const;

  describe('begin', () => {
    test('opens a sign-in for as long as the rules say, each one its own', async () => {
      const first = await begin();
      const second = await begin();
      const { signInOpenMs } = at.broker.rules;
      expect(first.signIn).toMatchObject({
        startedAt: at.now(),
        expiresAt: at.now() + signInOpenMs,
      });
      expect(first.signIn.id.length).toBeGreaterThanOrEqual(22);
      expect(first.signIn.id).not.toBe(second.signIn.id);
      expect(first.signIn.secret.reveal()).not.toBe(second.signIn.secret.reveal());
    });

    test('leads to the broker’s login page, with no secret in the address', async () => {
      const { authorizeUrl } = await begin();
      expect(new URL(authorizeUrl).origin).toBe(at.broker.authorizeOrigin);
      const page = await at.page(authorizeUrl);
      expect(page.status).toBe(200);
      expect(page.html).toContain('An application asks for access');
      for (const secret of at.secrets())
        expect(decodeURIComponent(authorizeUrl)).not.toContain(secret);
    });
  });

  describe('complete', () => {
    test('turns the person’s yes into a token that shows their accounts', async () => {
      const { authorizeUrl, signIn: opened } = await begin();
      const completed = await at.broker.complete(opened, await at.accept(authorizeUrl));
      const { accessLifeMs } = at.broker.rules;
      expect(completed).toMatchObject({ ok: true, issuedAt: at.now(), accessLifeMs });
      if (!completed.ok) return;
      const probe = await at.broker.probe(completed.token);
      expect(probe.ok && probe.accountIds?.length).toBeGreaterThan(0);
      expect(await at.broker.glance(completed.token)).toEqual(probe);
    });

    test('tells another person’s accounts apart', async () => {
      const mine = await at.broker.probe(await signIn());
      at.simulator.setSwitch('signInAs', 'other');
      const theirs = await at.broker.probe(await signIn());
      if (!mine.ok || !theirs.ok) throw new Error('both tokens must be good');
      expect(theirs.accountIds?.filter((id) => mine.accountIds?.includes(id))).toEqual([]);
    });

    test('the person’s no is told apart from trouble', async () => {
      const { authorizeUrl, signIn: opened } = await begin();
      const callback = await at.decline(authorizeUrl);
      if (person.declines === 'page') expect(callback).toBeNull();
      else expect(callback).toMatchObject({ ok: false, reason: 'declined' });
      if (callback?.signInId !== null) expect(callback?.signInId ?? opened.id).toBe(opened.id);
    });

    test('the redirect names the sign-in it is for', async () => {
      const { authorizeUrl, signIn: opened } = await begin();
      await at.page(authorizeUrl);
      const approval = at.simulator.approve(keyIn(authorizeUrl));
      if (at.broker.verifierKind === 'pin') {
        expect(approval).toHaveProperty('pin');
        return;
      }
      const redirect = approval !== null && 'redirect' in approval ? approval.redirect : '';
      const callback = at.broker.readCallback(new URL(redirect).searchParams);
      expect(callback).toMatchObject({ ok: true, signInId: opened.id });
    });

    test('a redirect that is none is unreadable', () => {
      for (const query of ['', 'x=1', 'code=', 'state=abc', 'code=a&code=b&state=c']) {
        const callback = at.broker.readCallback(new URLSearchParams(query));
        expect(callback).toMatchObject({ ok: false, reason: 'unreadable' });
      }
    });

    test('a wrong answer asks for a new sign-in', async () => {
      const { authorizeUrl, signIn: opened } = await begin();
      await at.accept(authorizeUrl);
      expect(await at.broker.complete(opened, new Secret('WRONG42'))).toMatchObject(rejected);
    });

    test('an answer that comes too late asks for a new sign-in', async () => {
      const { authorizeUrl, signIn: opened } = await begin();
      const verifier = await at.accept(authorizeUrl);
      at.advance(person.verifierLifeMs);
      expect(await at.broker.complete(opened, verifier)).toMatchObject(rejected);
    });

    test('an answer that comes just in time is taken', async () => {
      const { authorizeUrl, signIn: opened } = await begin();
      const verifier = await at.accept(authorizeUrl);
      at.advance(person.verifierLifeMs - 1);
      expect(await at.broker.complete(opened, verifier)).toMatchObject({ ok: true });
    });

    test('an answer is good once', async () => {
      const { authorizeUrl, signIn: opened } = await begin();
      const verifier = await at.accept(authorizeUrl);
      const first = await at.broker.complete(opened, verifier);
      expect(await at.broker.complete(opened, verifier)).toMatchObject(rejected);
      expect(first.ok && (await at.broker.probe(first.token))).toMatchObject({ ok: true });
    });

    test('an answer is good for its own app only', async () => {
      const { authorizeUrl, signIn: opened } = await begin();
      const verifier = await at.accept(authorizeUrl);
      expect(await at.stranger.complete(opened, verifier)).toMatchObject(rejected);
    });

    test('the answer is sent once, whatever comes', async () => {
      for (const fault of ['status', 'loseAnswer']) {
        const { authorizeUrl, signIn: opened } = await begin();
        const verifier = await at.accept(authorizeUrl);
        const before = at.arrived(person.endpoints.complete);
        at.simulator.setSwitch(fault, fault === 'status' ? 503 : true);
        const outcome: CompleteAnswer = await at.broker.complete(opened, verifier);
        at.simulator.clearSwitches();
        expect(outcome).toMatchObject({ ok: false, reason: 'transient' });
        expect(at.arrived(person.endpoints.complete) - before).toBe(1);
      }
    });
  });

  describe('renew', () => {
    test('the token is good until its first end', async () => {
      const token = await signIn();
      at.advance(firstEndMs() - 1);
      expect(await at.broker.probe(token)).toMatchObject({ ok: true });
    });

    test('at its first end it is dead, and the class says what helps', async () => {
      const token = await signIn();
      at.advance(firstEndMs());
      expect(await at.broker.probe(token)).toMatchObject({ ok: false, reason: classOfDeadToken() });
    });

    test('brings it back where the rules say so, and nowhere else', async () => {
      const token = await signIn();
      at.advance(firstEndMs());
      const renewed = await at.broker.renew(token);
      const { renewal, accessLifeMs } = at.broker.rules;
      if (renewal === 'none') {
        expect(renewed).toMatchObject(rejected);
        return;
      }
      expect(renewed).toMatchObject({ ok: true, accessLifeMs });
      if (!renewed.ok) return;
      expect(renewed.token === null).toBe(renewal === 'reactivate');
      expect(await at.broker.probe(renewed.token ?? token)).toMatchObject({ ok: true });
    });

    test('a refresh is sent once, a wake-up again while trouble may pass', async () => {
      const token = await signIn();
      const { renew } = person.endpoints;
      const before = at.arrived(renew);
      at.simulator.setSwitch('status', 503);
      const renewed = await at.broker.renew(token);
      const sent = at.arrived(renew) - before;
      const { renewal } = at.broker.rules;
      expect(sent).toBe({ none: 0, refresh: 1, reactivate: 3 }[renewal]);
      expect(renewed.ok ? null : renewed.reason).toBe(
        renewal === 'none' ? 'sign-in-needed' : 'transient',
      );
    });

    test('past the hard end only a sign-in helps', async () => {
      const token = await person.outlive(at, await signIn());
      expect(await at.broker.renew(token)).toMatchObject(rejected);
      expect(await at.broker.probe(token)).toMatchObject({ ok: false });
    });

    test('half a token is refused before anything is sent', async () => {
      const token = await signIn();
      const before = at.arrived(person.endpoints.renew);
      const half = { ...token, tokenSecret: null, refreshToken: null };
      expect(await at.broker.renew(half)).toMatchObject({ ...rejected, answered: false });
      expect(at.arrived(person.endpoints.renew)).toBe(before);
    });
  });

  describe('revoke', () => {
    test('ends what the rules say, and no more', async () => {
      const others = await signIn(at.stranger);
      const token = await signIn();
      const revoked = await at.broker.revoke(token);
      switch (at.broker.rules.revocation) {
        case 'token':
          expect(revoked).toEqual({ ok: true });
          expect(await at.broker.probe(token)).toMatchObject({ ok: false });
          break;
        case 'consumer-key':
          expect(revoked).toEqual({ ok: true });
          expect(await at.broker.renew(token)).toMatchObject(rejected);
          break;
        case 'none':
          expect(revoked).toMatchObject({ ok: false, answered: false });
          expect(await at.broker.probe(token)).toMatchObject({ ok: true });
      }
      expect(await at.stranger.probe(others)).toMatchObject({ ok: true });
    });

    test('a consumer key’s revocation ends its other sessions too', async () => {
      const { revocation } = at.broker.rules;
      if (revocation !== 'consumer-key') return expect(['token', 'none']).toContain(revocation);
      const first = await signIn();
      const second = await signIn();
      await at.broker.revoke(second);
      expect(await at.broker.renew(first)).toMatchObject(rejected);
    });
  });

  describe('classes of trouble', () => {
    test('a wrong consumer secret is configuration', async () => {
      const wrong = at.connect({ consumerSecret: new Secret('canary-wrong-secret') });
      const begun = await wrong.begin();
      if (!begun.ok) return expect(begun.reason).toBe('configuration');
      const completed = await wrong.complete(begun.signIn, await at.accept(begun.authorizeUrl));
      expect(completed).toMatchObject({ ok: false, reason: 'configuration' });
    });

    test('an address of nothing is configuration', async () => {
      const token = await signIn();
      const lost = at.connect({ apiUrl: `${at.broker.authorizeOrigin}/${person.name}/nowhere` });
      expect(await lost.probe(token)).toMatchObject({
        ok: false,
        reason: 'configuration',
        status: 404,
      });
    });

    test.each([
      ['an outage', 'status', 500, true],
      ['an overload', 'status', 503, true],
      ['garbage', 'malformed', true, true],
      ['a cut connection', 'down', true, false],
    ])(
      '%s is transient, and a probe is tried three times',
      async (_what, name, value, answered) => {
        const token = await signIn();
        const before = at.arrived(person.endpoints.probe);
        at.simulator.setSwitch(name, value);
        const expected = { ok: false, reason: 'transient', answered };
        expect(await at.broker.probe(token)).toMatchObject(expected);
        expect(at.arrived(person.endpoints.probe) - before).toBe(3);
        expect(await at.broker.glance(token)).toMatchObject(expected);
        expect(at.arrived(person.endpoints.probe) - before).toBe(4);
      },
    );

    test.each([
      'firewall',
      'maintenance',
      'maintenance-200',
      'block-json',
      'forbidden-json',
      'gateway-fault',
      'router',
    ])('what stands before the broker answers in its place (%s): transient', async (edge) => {
      const token = await signIn();
      const { authorizeUrl, signIn: opened } = await begin();
      const verifier = await at.accept(authorizeUrl);
      at.simulator.setSwitch('edge', edge);
      const expected = { ok: false, reason: 'transient', answered: true };
      expect(await at.broker.probe(token)).toMatchObject(expected);
      expect(await at.broker.complete(opened, verifier)).toMatchObject(expected);
      const { renewal, revocation } = at.broker.rules;
      if (renewal !== 'none') expect(await at.broker.renew(token)).toMatchObject(expected);
      if (revocation !== 'none') expect(await at.broker.revoke(token)).toMatchObject(expected);
      at.simulator.setSwitch('edge', null);
      expect(await at.broker.probe(token)).toMatchObject({ ok: true });
    });

    test('too many calls are transient', async () => {
      const token = await signIn();
      at.simulator.setSwitch(...person.tooMany);
      const probe = await at.broker.probe(token);
      expect(probe).toMatchObject({ ok: false, reason: 'transient' });
    });

    test('a slow broker is a timeout', async () => {
      const token = await signIn();
      const hasty = at.connect({ timeoutMs: 30 });
      at.simulator.setSwitch('slowMs', 300);
      expect(await hasty.glance(token)).toMatchObject({ ok: true });
      expect(await hasty.probe(token)).toMatchObject({ problem: 'timeout', answered: false });
    });

    test('a broker’s clock that is off is measured', async () => {
      const token = await signIn();
      at.simulator.setSwitch('clockSkewMs', MINUTE_MS);
      const probe = await at.broker.probe(token);
      expect(probe).toMatchObject({ ok: true, skewMs: MINUTE_MS });
    });
  });

  test('no secret shows in any answer, and every problem is a safe word', async () => {
    const token = await signIn();
    const { authorizeUrl, signIn: opened } = await begin();
    const verifier = await at.accept(authorizeUrl);
    await at.stranger.complete(opened, verifier);
    await at.broker.complete(opened, verifier);
    at.advance(firstEndMs() + HOUR_MS);
    await at.broker.probe(token);
    await at.stranger.renew(token);
    await at.stranger.revoke(token);
    at.simulator.setSwitch('malformed', true);
    await at.broker.probe(token);
    await at.broker.renew(token);

    const failures = at.answers().filter(isFailure);
    expect(failures.length).toBeGreaterThan(4);
    for (const { problem } of failures) expect(problem).toMatch(SAFE_WORD);
    const shown = at
      .answers()
      .map((answer) => JSON.stringify(answer))
      .join('\n');
    for (const secret of at.secrets()) {
      // What names the sign-in is in the browser's address bar anyway.
      if (secret.length > 8) expect(shown).not.toContain(secret);
    }
  });
}

/** The consumer key of a login page's address: `client_id`, `key`, `api_key`. */
function keyIn(authorizeUrl: string): string {
  const query = new URL(authorizeUrl).searchParams;
  return query.get('client_id') ?? query.get('key') ?? query.get('api_key') ?? '';
}

function isFailure(answer: unknown): answer is BrokerFailure {
  return typeof answer === 'object' && answer !== null && 'ok' in answer && answer.ok === false;
}
