/**
 * Signing in with a tap on the phone: the alert has Upstox ask, the person approves in its app, Upstox posts the
 * token. Everything between is real but the clock; so is everything that can be posted instead.
 */

import { describe, expect, it } from 'vitest';
import { renewSessions } from '../../functions/operations/renew-sessions.ts';
import { sendAlerts } from '../../functions/operations/send-alerts.ts';
import {
  type ApprovalWorld,
  CLIENT,
  startApprovalWorld,
  UPSTOX,
  USER,
} from '../fixtures/approval-world.ts';
import { at } from '../fixtures/records.ts';
import { Killed } from '../fixtures/steps.ts';
import { hashAccount, messengerDown, storeDown } from '../fixtures/system.ts';
import { HOUR_MS, MINUTE_MS } from '../fixtures/test-clock.ts';

const ALERT = '2026-03-10T08:15+05:30';
const TOKEN_ENDS = at('2026-03-11T03:30+05:30');
const iso = (moment: number): string => new Date(moment).toISOString();
const PAGE = `/sign-in/${UPSTOX}`;

/** The first alert has gone out, and a request is on the phone. */
async function asked(world?: ApprovalWorld): Promise<ApprovalWorld> {
  const started = world ?? (await startApprovalWorld());
  started.clock.set(ALERT);
  await sendAlerts(started.system);
  return started;
}

const lastMessage = (world: ApprovalWorld): string => world.messages.at(-1)?.html ?? '';
const statuses = (world: ApprovalWorld): number[] => world.posted.map(({ status }) => status);

/** What nobody may be able to change by posting. */
async function expectNothingTaken(world: ApprovalWorld): Promise<void> {
  const record = await world.record();
  expect(record).toMatchObject({ generation: 0, version: null, pending: null, lastSignIn: null });
  expect(await world.store.listVersions(UPSTOX)).toEqual([]);
  expect(world.published).toEqual([]);
}

describe('a morning with the phone', () => {
  it('goes from the alert over the phone to a stored token, an event and the ✅', async () => {
    const world = await asked();
    expect(world.requests()).toBe(1);
    expect(world.told()).toEqual(['sign-in-due first']);
    expect(lastMessage(world)).toContain('Approve it in the Upstox app: there is nothing to type.');
    expect(await world.record()).toMatchObject({
      approval: { state: 'open', requestedAt: at(ALERT), expiresAt: TOKEN_ENDS },
    });
    world.clock.advance(3 * MINUTE_MS);
    expect(await world.approve()).toBe(true);
    expect(statuses(world)).toEqual([200]);
    expect(await world.record()).toMatchObject({
      generation: 1,
      proof: 'proven',
      hardEndsAt: TOKEN_ENDS,
      accessExpiresAt: TOKEN_ENDS,
      signedInAt: world.clock.now(),
      account: [hashAccount(USER)],
      pending: null,
      undelivered: [],
    });
    expect(world.published).toMatchObject([{ reason: 'sign-in', generation: 1 }]);
    expect(world.told()).toEqual(['sign-in-due first', 'signed-in']);
    const sent = JSON.parse(world.posted[0]?.body ?? '{}');
    const stored = await world.store.readToken(UPSTOX, 1);
    if (stored.status !== 'found') throw new Error('the token is stored');
    expect(stored.token.accessToken.reveal()).toBe(sent.access_token);
  });

  it('shows neither the token nor the address of the hook in the log', async () => {
    const world = await asked();
    await world.approve();
    const log = world.logLines.join('\n');
    expect(log).toContain('token-stored');
    const secret = world.hook.split('/').at(-1) ?? '';
    const { access_token } = JSON.parse(world.posted[0]?.body ?? '{}');
    for (const canary of [secret, access_token, 'canary-client-secret']) {
      expect(canary.length).toBeGreaterThan(15);
      expect(log).not.toContain(canary);
    }
  });

  it('asks on the phone once, however many reminders follow and whoever sends them', async () => {
    const world = await startApprovalWorld();
    world.clock.set(ALERT);
    await Promise.all([
      sendAlerts(world.system),
      sendAlerts(world.restarted().system),
      sendAlerts(world.restarted().system),
    ]);
    for (let quarter = 0; quarter < 28; quarter += 1) {
      world.clock.advance(15 * MINUTE_MS);
      await sendAlerts(world.system);
    }
    expect(world.requests()).toBe(1);
    expect(world.told().length).toBeGreaterThan(10);
    expect(lastMessage(world)).toContain('Approve it in the Upstox app');
  });

  it('asks again the next morning, when the request has ended with the day', async () => {
    const world = await asked();
    world.clock.set('2026-03-11T08:15+05:30');
    await sendAlerts(world.system);
    expect(world.requests()).toBe(2);
  });

  it('asks nobody who has a token', async () => {
    const world = await asked();
    await world.approve();
    world.clock.advance(HOUR_MS);
    await sendAlerts(world.system);
    expect(world.requests()).toBe(1);
  });

  it('asks nobody where the settings do not want it', async () => {
    const world = await asked(await startApprovalWorld({ approval: false }));
    expect(world.requests()).toBe(0);
    expect(lastMessage(world)).toContain('Tap the button and log in at the broker.');
    expect((await world.post(JSON.stringify(await world.notice()))).status).toBe(404);
    await expectNothingTaken(world);
  });

  it('asks on the phone even while the messenger is down', async () => {
    const world = await startApprovalWorld();
    world.steps.fail('deliver sign-in-due', messengerDown());
    await asked(world);
    expect(world.requests()).toBe(1);
    expect(await world.approve()).toBe(true);
    expect((await world.record()).generation).toBe(1);
  });

  it('tells who signs in by page when the broker does not take the request', async () => {
    const world = await startApprovalWorld();
    world.upstox.setSwitch('status', 503);
    await asked(world);
    expect(lastMessage(world)).toContain('Upstox did not put its request on your phone');
    expect(lastMessage(world)).toContain('Tap the button and log in at the broker.');
    expect(await world.record()).toMatchObject({ approval: { state: 'failed' } });
    expect(world.requests()).toBe(1);
  });

  it('still sends the alert when the store is down for the request', async () => {
    const world = await startApprovalWorld();
    world.steps.fail(`store.replace ${UPSTOX}`, storeDown());
    await asked(world);
    expect(world.requests()).toBe(0);
    expect(world.told()).toEqual(['sign-in-due first']);
    expect(lastMessage(world)).toContain('Tap the button and log in at the broker.');
  });

  it('takes the token of a request whose sender died before the answer was saved', async () => {
    const { steps } = await asked();
    const noting = steps.taken.lastIndexOf(`store.replace ${UPSTOX}`);
    expect(noting).toBeGreaterThan(steps.taken.indexOf(`store.replace ${UPSTOX}`));
    const world = await startApprovalWorld();
    world.steps.killAt(noting, 'before');
    world.clock.set(ALERT);
    await expect(sendAlerts(world.system)).rejects.toThrow(Killed);
    expect(await world.record()).toMatchObject({ approval: { state: 'asking' } });
    world.restart();
    expect(await world.approve()).toBe(true);
    expect(statuses(world)).toEqual([200]);
    expect(await world.record()).toMatchObject({ generation: 1, proof: 'proven' });
  });
});

describe('a post that is no approval of ours', () => {
  it.each<[string, Readonly<Record<string, string>>]>([
    ['forged, with a token that the broker does not know', { access_token: 'a.forged.token' }],
    ['for another app', { client_id: 'somebody-else' }],
    ['for another user than the token is of', { user_id: '9ZZK01' }],
    ['about something else', { message_type: 'order_update' }],
    ['issued in the future', { issued_at: String(at('2026-03-10T09:15+05:30')) }],
    ['with no user, where no account is expected', { user_id: '' }],
  ])('%s is refused and changes nothing', async (_name, changes) => {
    const world = await asked();
    const before = await world.record();
    const answer = await world.post(JSON.stringify(await world.notice(changes)));
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error: 'not-taken' });
    expect(await world.record()).toEqual(before);
    await expectNothingTaken(world);
    expect(world.told()).toEqual(['sign-in-due first']);
  });

  it.each(['', '{}', '[]', 'null', '{"message_type":', 'x'.repeat(20_000)])(
    'that is %.20j is refused',
    async (body) => {
      const world = await asked();
      expect((await world.post(body)).status).toBe(400);
      await expectNothingTaken(world);
    },
  );

  it('is refused when nobody was asked, however good its token', async () => {
    const world = await startApprovalWorld();
    expect((await world.post(JSON.stringify(await world.notice()))).status).toBe(400);
    await expectNothingTaken(world);
  });

  it('of a foreign user is discarded at the broker, and people are told once', async () => {
    const world = await asked(await startApprovalWorld({ account: [USER] }));
    world.upstox.setSwitch('signInAs', 'other');
    await world.approve();
    expect(statuses(world)).toEqual([400]);
    await expectNothingTaken(world);
    expect(world.upstox.stats().accessTokens).toMatchObject({ active: 0, revoked: 1 });
    expect(world.told()).toEqual(['sign-in-due first', 'sign-in-needed foreign-account']);
    expect((await world.post(world.posted[0]?.body ?? '')).status).toBe(400);
    expect(world.told()).toHaveLength(2);
  });

  it('with no user is taken where its token opens the account that is expected, and only there', async () => {
    const world = await asked(await startApprovalWorld({ account: [USER] }));
    const other = await startApprovalWorld({ account: ['9ZZK01'] });
    const post = async ({ post, notice }: ApprovalWorld): Promise<number> =>
      (await post(JSON.stringify(await notice({ user_id: '' })))).status;
    expect(await post(world)).toBe(200);
    expect(await world.record()).toMatchObject({ generation: 1, proof: 'proven' });
    expect(await post(await asked(other))).toBe(400);
    await expectNothingTaken(other);
  });

  it('arrives after the token is over: refused', async () => {
    const world = await asked();
    const notice = JSON.stringify(await world.notice());
    world.clock.set(iso(TOKEN_ENDS));
    expect((await world.post(notice)).status).toBe(400);
    await expectNothingTaken(world);
  });

  it('arrives in the last second: taken', async () => {
    const world = await asked();
    const notice = JSON.stringify(await world.notice());
    world.clock.set(iso(TOKEN_ENDS - 1_000));
    expect((await world.post(notice)).status).toBe(200);
  });

  it('was approved before somebody signed in otherwise: the later sign-in stays', async () => {
    const world = await asked();
    const early = JSON.stringify(await world.notice());
    world.clock.advance(MINUTE_MS);
    const late = JSON.stringify(await world.notice());
    expect((await world.post(late)).status).toBe(200);
    expect((await world.record()).generation).toBe(1);
    expect((await world.post(early)).status).toBe(400);
    expect((await world.record()).generation).toBe(1);
  });
});

describe('a notice that comes more than once', () => {
  it('one after the other is taken once, and said to be taken', async () => {
    const world = await asked();
    world.upstox.setSwitch('notice', 'twice');
    await world.approve();
    expect(statuses(world)).toEqual([200, 200]);
    expect(await world.record()).toMatchObject({ generation: 1 });
    expect(await world.store.listVersions(UPSTOX)).toHaveLength(1);
    expect(world.told()).toEqual(['sign-in-due first', 'signed-in']);
  });

  it.each([2, 5])('%i times at once is stored once, and said to be taken', async (count) => {
    const world = await asked();
    const notice = JSON.stringify(await world.notice());
    const answers = await Promise.all(Array.from({ length: count }, () => world.post(notice)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(await world.store.listVersions(UPSTOX)).toHaveLength(1);
    expect(world.published).toHaveLength(1);
    expect(world.told()).toEqual(['sign-in-due first', 'signed-in']);
  });

  it('after the token was signed out brings it back no more', async () => {
    const world = await asked();
    await world.approve();
    await world.visit(`/sign-out/${UPSTOX}`, {});
    expect((await world.record()).version).toBeNull();
    world.clock.advance(MINUTE_MS);
    await world.post(world.posted[0]?.body ?? '');
    expect(await world.record()).toMatchObject({ generation: 1, version: null });
  });
});

describe('a notice at a bad moment', () => {
  it('with the store down is asked for again, and then taken', async () => {
    const world = await asked();
    const notice = JSON.stringify(await world.notice());
    world.steps.fail(`store.load ${UPSTOX}`, storeDown(), { times: 1 });
    const refused = await world.post(notice);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '30']);
    await expectNothingTaken(world);
    expect((await world.post(notice)).status).toBe(200);
    expect(await world.record()).toMatchObject({ generation: 1, proof: 'proven' });
  });

  it('with the store down for writing is asked for again, and then taken', async () => {
    const world = await asked();
    const notice = JSON.stringify(await world.notice());
    world.steps.fail(`store.replace ${UPSTOX}`, storeDown(), { times: 1 });
    expect((await world.post(notice)).status).toBe(503);
    expect((await world.post(notice)).status).toBe(200);
    expect(await world.store.listVersions(UPSTOX)).toHaveLength(1);
  });

  it('with the store down for the token itself is asked for again, and then taken', async () => {
    const world = await asked();
    const notice = JSON.stringify(await world.notice());
    world.steps.fail(`store.addToken ${UPSTOX}`, storeDown());
    expect((await world.post(notice)).status).toBe(503);
    expect(await world.record()).toMatchObject({ lastSignIn: { outcome: 'store-failed' } });
    world.steps.mend();
    expect((await world.post(notice)).status).toBe(200);
    expect(await world.record()).toMatchObject({
      generation: 1,
      lastSignIn: { outcome: 'stored' },
    });
  });

  it('with the broker down for the check is asked for again: nothing unproven is kept', async () => {
    const world = await asked();
    const notice = JSON.stringify(await world.notice());
    world.upstox.setSwitch('status', 500);
    expect((await world.post(notice)).status).toBe(503);
    await expectNothingTaken(world);
    world.upstox.clearSwitches();
    expect((await world.post(notice)).status).toBe(200);
  });
});

describe('a function that is killed while it takes a notice', () => {
  /** Asked, and the steps of one taking: their number depends on nothing. */
  async function stepsOfTaking(): Promise<number> {
    const world = await asked();
    const notice = JSON.stringify(await world.notice());
    const before = world.steps.taken.length;
    await world.post(notice);
    return world.steps.taken.length - before;
  }

  it('at any step: the next notice or the next run ends with one token, told', async () => {
    const steps = await stepsOfTaking();
    expect(steps).toBeGreaterThan(8);
    for (let step = 0; step < steps; step += 1) {
      for (const phase of ['before', 'after'] as const) {
        const where = `${phase} step ${step}`;
        const world = await asked();
        const notice = JSON.stringify(await world.notice());
        world.steps.killAt(step, phase);
        expect((await world.post(notice)).status, where).toBe(500);
        const next = world.restart();
        world.clock.advance(3 * MINUTE_MS);
        expect((await world.post(notice)).status, where).toBe(200);
        await renewSessions(next.system, null);
        const record = await world.record();
        expect(record, where).toMatchObject({ generation: 1, pending: null, undelivered: [] });
        expect(record.lastSignIn, where).toMatchObject({ outcome: 'stored' });
        expect(world.published.at(-1), where).toMatchObject({ generation: 1 });
        expect(world.messages.at(-1)?.notice.kind, where).toBe('signed-in');
        expect(world.told().join(), where).not.toContain('pin-spent');
      }
    }
  }, 60_000);
});

describe('the address of the hook', () => {
  it('looks like nothing at all to whoever guesses', async () => {
    const world = await asked();
    const notice = JSON.stringify(await world.notice());
    const secret = world.hook.split('/').at(-1) ?? '';
    const nowhere = await world.post(notice, '/hooks/nobody-prod/guess');
    const expected = [nowhere.status, await nowhere.text()];
    expect(expected[0]).toBe(404);
    const paths = [
      `/hooks/${UPSTOX}/guess`,
      `/hooks/${UPSTOX}/${secret.slice(0, -1)}`,
      `/hooks/${UPSTOX}/${secret}x`,
      `/hooks/${UPSTOX.toUpperCase()}/${secret}`,
      `/hooks/upstox-prod-two/${secret}`,
      `/hooks/etrade-prod/${secret}`,
    ];
    for (const path of paths) {
      const answer = await world.post(notice, path);
      expect([answer.status, await answer.text()], path).toEqual(expected);
    }
    await expectNothingTaken(world);
  });

  it('takes posts alone', async () => {
    const world = await asked();
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
      const answer = await fetch(world.hook, { method });
      expect([answer.status, answer.headers.get('allow')], method).toEqual([405, 'POST']);
    }
    await expectNothingTaken(world);
  });

  it('takes a post without a content type, from anywhere, without a cookie', async () => {
    const world = await asked();
    const body = new Blob([JSON.stringify(await world.notice())]);
    const headers = { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' };
    expect((await fetch(world.hook, { method: 'POST', headers, body })).status).toBe(200);
  });
});

describe('the page', () => {
  const waiting = async (world: ApprovalWorld, path = PAGE): Promise<string> =>
    (await world.visit(path)).text();

  it('sends the request, waits, and goes on by itself when the token is here', async () => {
    const world = await startApprovalWorld();
    expect(await waiting(world)).toContain('Send the approval request to my phone');
    const answer = await world.visit(`${PAGE}/approval`, {});
    expect([answer.status, answer.headers.get('location')]).toEqual([303, `${PAGE}?wait`]);
    expect(world.requests()).toBe(1);
    const text = await waiting(world, `${PAGE}?wait`);
    expect(text).toContain('Look at your phone');
    expect(text).toContain('No answer yet?');
    expect(text).toContain(`data-wait="${PAGE}?wait"`);
    expect(text).not.toContain('Send the approval request');
    world.clock.advance(MINUTE_MS);
    await world.approve();
    const done = await waiting(world, `${PAGE}?wait`);
    expect(done).toContain('data-outcome="signed-in"');
    expect(done).toContain('Workers notified.');
    expect(await waiting(world)).toContain('You’re signed in until');
  });

  it('does not send a second request while one waits, and lets a person repeat it later', async () => {
    const world = await asked();
    await world.visit(`${PAGE}/approval`, {});
    expect(world.requests()).toBe(1);
    expect(await waiting(world)).not.toContain('Send the request again');
    world.clock.advance(5 * MINUTE_MS);
    expect(await waiting(world)).toContain('Send the request again');
    await world.visit(`${PAGE}/approval`, {});
    expect(world.requests()).toBe(2);
  });

  it('says so when the broker did not send it, and a try a minute later is one', async () => {
    const world = await startApprovalWorld();
    world.upstox.setSwitch('clientInactive', true);
    await world.visit(`${PAGE}/approval`, {});
    const text = await waiting(world, `${PAGE}?wait`);
    expect(text).toContain('Upstox did not send the last request. Try again, or log in below.');
    expect(text).toContain('<summary>Details</summary><p class="small"><code>UDAPI100073</code>');
    await world.visit(`${PAGE}/approval`, {});
    expect(world.requests()).toBe(1);
    world.clock.advance(MINUTE_MS);
    world.upstox.clearSwitches();
    await world.visit(`${PAGE}/approval`, {});
    expect(world.requests()).toBe(2);
    expect(await waiting(world, `${PAGE}?wait`)).toContain('Look at your phone');
  });

  it('still signs in when the person rejects or nothing ever comes', async () => {
    const world = await asked();
    await world.upstox.answerPrompt(CLIENT, 'reject');
    world.clock.advance(MINUTE_MS);
    expect(world.posted).toEqual([]);
    expect(await waiting(world)).toContain('Or log in at Upstox here');
    const start = await world.visit(`${PAGE}/start`, {});
    const dialog = start.headers.get('refresh')?.replace('0; url=', '') ?? '';
    expect(dialog).toContain('/upstox/api/v2/login/authorization/dialog');
    await (await fetch(dialog, { redirect: 'manual' })).text();
    const approval = world.upstox.approve(CLIENT);
    if (approval === null || !('redirect' in approval)) throw new Error('the login is open');
    const back = new URL(approval.redirect);
    const done = await world.visit(back.pathname + back.search);
    expect(done.headers.get('location')).toBe(`${PAGE}?done`);
    expect(await world.record()).toMatchObject({ generation: 1, proof: 'proven' });
    expect(await waiting(world, `${PAGE}?wait`)).toContain('data-outcome="signed-in"');
  });

  it('has no such button, and takes no such post, where the settings do not want it', async () => {
    const world = await startApprovalWorld({ approval: false });
    expect(await waiting(world)).not.toContain('to my phone');
    expect((await world.visit(`${PAGE}/approval`, {})).status).toBe(404);
    expect(world.requests()).toBe(0);
  });

  it('takes no post without its own form', async () => {
    const world = await startApprovalWorld();
    expect((await world.post('', `${PAGE}/approval`)).status).toBe(403);
    const headers = { 'sec-fetch-site': 'same-origin' };
    const body = new URLSearchParams({ csrf: 'x' });
    const answer = await fetch(`${world.siteUrl}${PAGE}/approval`, {
      method: 'POST',
      headers,
      body,
    });
    expect(answer.status).toBe(401);
    expect(world.requests()).toBe(0);
  });
});
