/**
 * Some days of the real thing: five processes, the simulator, Telegram's stand-in, moved by the control
 * API alone. One clock, so the tests are one story and run in this order.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningSystem, startRunningSystem } from '../fixtures/local-system.ts';

const SESSION = 'etrade-sandbox';

/** Hundreds of calls to real processes, on a machine that may have other work. */
const SLOW = { timeout: 120_000 };
const NEW_YORK = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'America/New_York',
  weekday: 'short',
  hour: '2-digit',
  minute: '2-digit',
});

let running: RunningSystem;

/** Texts and New York times of the messages since the first `known`. */
async function messagesSince(known: number) {
  const { messages } = await running.control.overview();
  return messages.slice(known).map(({ at, text, buttons }) => ({
    at: NEW_YORK.format(Date.parse(at)).replace(',', ''),
    text,
    buttons: buttons.length,
  }));
}

async function messageCount(): Promise<number> {
  return (await running.control.overview()).messages.length;
}

function moveTo(newYork: string): Promise<void> {
  return running.control.moveTo(Date.parse(newYork));
}

async function signIn() {
  return running.newPerson().signIn(await running.newestLink(), SESSION);
}

// Tuesday; Thursday of this week is Thanksgiving.
beforeAll(async () => {
  running = await startRunningSystem({ startAt: '2026-11-24T08:29:00-05:00' });
}, 120_000);

afterAll(() => running?.stop());

describe('Tuesday', SLOW, () => {
  it('08:30 brings exactly one alert with a button, also when the call comes twice', async () => {
    await moveTo('2026-11-24T08:30:00-05:00');
    await running.control.run('morning-alert');
    await Promise.all(
      ['morning-alert', 'morning-alert', 'keep-alive', 'health-check'].map((name) =>
        fetch(`${running.system.urls.public}/${name}`, { method: 'POST' }),
      ),
    );
    expect(await messagesSince(0)).toEqual([
      { at: 'Tue 08:30', text: expect.stringContaining('needs a sign-in'), buttons: 1 },
    ]);
  });

  it('one tap, one login, one paste: stored, announced, used by the worker, told', async () => {
    const page = await signIn();
    expect(page.status).toBe(200);
    expect(page.html).toContain('data-outcome="signed-in"');
    await running.control.advance('PT1S');
    const { sessions, events, workers } = await running.control.overview();
    expect(sessions).toMatchObject([{ key: SESSION, state: 'active', generation: 1 }]);
    expect(events).toMatchObject([
      { attributes: { session: SESSION }, data: { generation: 1, type: 'token-renewed' } },
    ]);
    const working = { generation: 1, lastCall: { status: 200 }, problem: null };
    expect(workers).toMatchObject([
      { name: 'orb-bot', ...working },
      { name: 'rebalancer', ...working },
      { name: 'scalper', ...working },
    ]);
    for (const { name } of workers) {
      expect(running.lines.join('\n')).toMatch(
        new RegExp(`${name}[^·]*· etrade-sandbox · generation 1 · 200 · 08:3\\d:\\d\\d`),
      );
    }
    expect(await messagesSince(1)).toMatchObject([{ text: expect.stringContaining('✅') }]);
  });

  it('2 h 10 min without a call make the session inactive', async () => {
    const paused = { paused: true };
    await running.control.setFaults({
      worker: paused,
      'keep-alive': paused,
      'health-check': paused,
    });
    await running.control.advance('PT2H10M');
    expect(await running.session()).toMatchObject({ state: 'inactive', generation: 1 });
    expect(running.system.brokerStats()?.accessTokens).toMatchObject({ inactive: 1, active: 0 });
  });

  it('keep-alive, released, renews it and proves it by a probe', async () => {
    await running.control.setFaults({ 'keep-alive': null });
    await running.control.advance('PT15M');
    expect(await running.session()).toMatchObject({
      state: 'active',
      apiValidated: true,
      generation: 1,
      counts: { renewals: 1 },
    });
    expect(running.system.brokerStats()?.calls['renew_access_token']).toEqual({ 200: 1 });
    expect((await running.control.overview()).events).toHaveLength(1);
    await running.control.setFaults({ worker: null, 'health-check': null });
  });

  it('midnight expires the token, and the worker gets a clear error', async () => {
    const messages = await messageCount();
    await moveTo('2026-11-24T23:59:59-05:00');
    expect((await running.session()).state).toBe('active');
    await moveTo('2026-11-25T00:01:00-05:00');
    expect((await running.session()).state).toBe('expired');
    const { workers, urls } = await running.control.overview();
    expect(urls).toMatchObject({ public: running.system.urls.public });
    const problem = expect.stringContaining(
      `the token ended at 2026-11-25T05:00:00.000Z; sign in at ${running.system.urls.public}`,
    );
    expect(workers).toMatchObject([{ problem }, { problem }, { problem }]);
    expect(await messageCount()).toBe(messages);
  });
});

describe('Wednesday', SLOW, () => {
  let known: number;

  it('with morning-alert paused, the alert comes with the next function that runs', async () => {
    known = await messageCount();
    await running.control.setFaults({ 'morning-alert': { paused: true } });
    await moveTo('2026-11-25T08:31:00-05:00');
    expect(await messagesSince(known)).toEqual([
      { at: 'Wed 08:30', text: expect.stringContaining('needs a sign-in'), buttons: 1 },
    ]);
    await running.control.setFaults({ 'morning-alert': null });
  });

  it('nobody reacts: reminders at 09:00, 09:15, at the open and every 30 min to the close', async () => {
    await moveTo('2026-11-25T16:30:00-05:00');
    const times = (await messagesSince(known)).map(({ at }) => at.replace('Wed ', ''));
    const everyHalfHour = Array.from({ length: 12 }, (_, index) => {
      const minutes = 10 * 60 + index * 30;
      return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`;
    });
    expect(times).toEqual(['08:30', '09:00', '09:15', '09:30', ...everyHalfHour]);
  });

  it('someone signs in: one all-clear, then silence', async () => {
    const before = await messageCount();
    await signIn();
    await running.control.advance('PT5H');
    expect(await messagesSince(before)).toMatchObject([{ text: expect.stringContaining('✅') }]);
    expect(await running.session()).toMatchObject({ state: 'active', generation: 2 });
  });
});

describe('Thanksgiving and the day after', SLOW, () => {
  it('no alert on the holiday, though the token has expired', async () => {
    const before = await messageCount();
    await moveTo('2026-11-26T23:00:00-05:00');
    expect((await running.session()).state).toBe('expired');
    expect(await messagesSince(before)).toEqual([]);
  });

  it('08:30 of the next trading day brings exactly one', async () => {
    const before = await messageCount();
    await moveTo('2026-11-27T08:45:00-05:00');
    expect(await messagesSince(before)).toMatchObject([{ at: 'Fri 08:30', buttons: 1 }]);
  });
});

describe('trouble', SLOW, () => {
  it('kill -9 before the event is out: it arrives after the next health check', async () => {
    await running.control.setFaults({ events: { down: true } });
    await signIn();
    expect(running.system.kill('pin-exchange')).toBe(true);
    await running.control.setFaults({ events: null });
    const eventsBefore = (await running.control.overview()).events.length;
    await running.control.run('health-check');
    const { events, workers } = await running.control.overview();
    expect(events.slice(eventsBefore)).toMatchObject([{ data: { generation: 3 } }]);
    const working = { generation: 3, lastCall: { status: 200 } };
    expect(workers).toMatchObject([working, working, working]);
  });

  it('a simulator’s switch is refused by name when there is none such', async () => {
    await expect(running.control.setFaults({ broker: { dwon: true } })).rejects.toThrow('dwon');
    await expect(running.control.setFaults({ telegram: { status: 200 } })).rejects.toThrow(
      'status',
    );
    expect(await running.control.overview()).toMatchObject({ faults: {} });
  });

  it('a broker that is down is a transient failure: no one is asked to sign in', async () => {
    const before = await messageCount();
    await running.control.setFaults({ broker: { down: true } });
    await running.control.run('health-check');
    expect(await running.session()).toMatchObject({ generation: 3, state: 'active' });
    await running.control.setFaults({ broker: null });
    await running.control.run('health-check');
    expect(await running.session()).toMatchObject({ state: 'active', apiValidated: true });
    expect(await messagesSince(before)).toEqual([]);
  });

  it('a restart keeps the session, and the token still works', async () => {
    const { stateDirectory } = running;
    await running.stop({ keepState: true });
    running = await startRunningSystem({ stateDirectory });
    expect(await running.session()).toMatchObject({ generation: 3, state: 'active' });
    await running.control.advance('PT16M');
    const working = { generation: 3, lastCall: { status: 200 } };
    expect((await running.control.overview()).workers).toMatchObject([working, working, working]);
    expect(await running.system.invite()).toEqual([]);
  });
});
