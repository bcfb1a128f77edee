/** A backup brings a session back where it is lost, and never over anything newer. */

import { beforeEach, describe, expect, it } from 'vitest';
import { keepAlive } from '../../functions/keep-alive.ts';
import { backUp, newestBackupDay } from '../../functions/operations/back-up.ts';
import { checkHealth } from '../../functions/operations/check-health.ts';
import { exportSessions } from '../../functions/operations/export-sessions.ts';
import { importSessions } from '../../functions/operations/import-sessions.ts';
import { revokeSession } from '../../functions/operations/revoke-session.ts';
import type { Backup, BackupPlace } from '../../functions/storage/backup.ts';
import { FOREIGN_ACCOUNTS } from '../fixtures/fake-broker.ts';
import { createTestSystem, eventsDown, storeDown, type TestSystem } from '../fixtures/system.ts';
import { HOUR_MS, MINUTE_MS } from '../fixtures/test-clock.ts';

let world: TestSystem;
let backup: Backup;

beforeEach(async () => {
  world = createTestSystem();
  await world.signIn();
  ({ backup } = await exportSessions(world.system));
});

describe('export', () => {
  it('holds the record and the token of a session', async () => {
    const [saved] = backup.sessions;
    expect(saved).toMatchObject({
      session: 'etrade-sandbox',
      record: { generation: 1, version: 1 },
    });
    expect(saved?.token?.accessToken.reveal()).toBe('canary-access-token-etradesandbox-1');
  });

  it('holds a token that nobody points at yet', async () => {
    const { token } = backup.sessions[0] ?? {};
    if (token === null || token === undefined) throw new Error('there is a token');
    await world.store.addToken({ ...token, generation: 2 });
    const again = await exportSessions(world.system);
    expect(again.backup.sessions[0]?.token?.generation).toBe(2);
  });

  it('names a session that cannot be read, and keeps the others', async () => {
    const two = createTestSystem({ sessions: [{ key: 'etrade-sandbox' }, { key: 'etrade-prod' }] });
    two.steps.fail('store.load etrade-prod', storeDown());
    const result = await exportSessions(two.system);
    expect(result.backup.sessions.map(({ session }) => session)).toEqual(['etrade-sandbox']);
    expect(result.missing).toEqual([
      { session: 'etrade-prod', problem: 'The store does not answer' },
    ]);
  });
});

describe('import', () => {
  it('restores a lost session with its generation, its account and an event for workers', async () => {
    const lost = createTestSystem();
    const [outcome] = await importSessions(lost.system, backup);
    expect(outcome).toMatchObject({
      result: 'restored',
      generation: 1,
      generationHere: 0,
      told: true,
    });
    const record = await lost.record();
    expect(record).toMatchObject({
      generation: 1,
      version: 1,
      proof: 'unproven',
      account: backup.sessions[0]?.record.account,
      undelivered: [],
    });
    expect(lost.published).toMatchObject([{ generation: 1, version: 1 }]);
  });

  it('takes the place of an older token', async () => {
    const behind = createTestSystem();
    await behind.signIn();
    world.clock.advance(MINUTE_MS);
    await world.signIn();
    behind.clock.advance(2 * MINUTE_MS);
    const newer = await exportSessions(world.system);
    const [outcome] = await importSessions(behind.system, newer.backup);
    expect(outcome).toMatchObject({ result: 'restored', generation: 2, generationHere: 1 });
    expect((await behind.record()).version).toBe(2);
  });

  it('says so when everything is here already, and writes nothing', async () => {
    world.steps.forget();
    expect(await importSessions(world.system, backup)).toMatchObject([{ result: 'same' }]);
    expect(world.steps.effects()).toEqual([]);
  });

  it('never overwrites a newer generation', async () => {
    world.clock.advance(MINUTE_MS);
    await world.signIn();
    const before = await world.record();
    expect(await importSessions(world.system, backup)).toMatchObject([
      { result: 'newer-here', generation: 1, generationHere: 2 },
    ]);
    expect(await world.record()).toEqual(before);
  });

  it('never overwrites a later token that counts from one again', async () => {
    world.clock.advance(MINUTE_MS);
    await world.signIn();
    const { backup: second } = await exportSessions(world.system);
    const anew = createTestSystem();
    anew.clock.advance(HOUR_MS);
    await anew.signIn();
    expect(await importSessions(anew.system, second)).toMatchObject([{ result: 'newer-here' }]);
  });

  it('leaves a session signed out that a person has signed out', async () => {
    await revokeSession(world.system, world.session());
    expect(await importSessions(world.system, backup)).toMatchObject([
      { result: 'signed-out-here' },
    ]);
    expect((await world.record()).version).toBeNull();
  });

  it('gives way to a sign-in that is stored while it writes, and leaves no version behind', async () => {
    const other = createTestSystem();
    const held = other.steps.hold('store.addToken');
    const importing = importSessions(other.system, backup);
    await held.reached;
    const { token } = backup.sessions[0] ?? {};
    if (token === null || token === undefined) throw new Error('there is a token');
    const { tag, record } = await other.store.load(token.session);
    await other.store.replace(token.session, tag, {
      ...record,
      generation: 5,
      version: await other.store.addToken({ ...token, generation: 5 }),
    });
    held.release();
    expect(await importing).toMatchObject([{ result: 'newer-here' }]);
    expect(await other.store.listVersions(token.session)).toMatchObject([
      { version: 1, destroyed: false },
      { version: 2, destroyed: true },
    ]);
    expect((await other.record()).generation).toBe(5);
  });

  it('brings back only the record of a token that has ended: generations go on counting', async () => {
    const nextDay = createTestSystem({ startsAt: '2026-03-10T08:31-04:00' });
    expect(await importSessions(nextDay.system, backup)).toMatchObject([{ result: 'record-only' }]);
    expect(await nextDay.record()).toMatchObject({ generation: 1, version: null });
    await nextDay.signIn();
    expect((await nextDay.record()).generation).toBe(2);
  });

  it('refuses a token of another account than the one that is configured here', async () => {
    const other = createTestSystem({
      sessions: [{ key: 'etrade-sandbox', account: FOREIGN_ACCOUNTS }],
    });
    expect(await importSessions(other.system, backup)).toMatchObject([
      { result: 'foreign-account' },
    ]);
    expect(await other.store.listVersions(other.session().key)).toEqual([]);
  });

  it('passes over sessions that are not configured, and names a store that is away', async () => {
    const other = createTestSystem({ sessions: [{ key: 'etrade-prod' }] });
    expect(await importSessions(other.system, backup)).toMatchObject([
      { result: 'not-configured' },
    ]);
    const away = createTestSystem();
    away.steps.fail('store', storeDown());
    expect(await importSessions(away.system, backup)).toMatchObject([
      { result: 'failed', problem: 'The store does not answer' },
    ]);
  });

  it('says that workers could not be told, and leaves the event for the next run', async () => {
    const lost = createTestSystem();
    lost.steps.fail('publish', eventsDown());
    expect(await importSessions(lost.system, backup)).toMatchObject([
      { result: 'restored', told: false },
    ]);
    expect((await lost.record()).undelivered).toHaveLength(1);
  });
});

describe('the daily copy', () => {
  it('is made once a day and once more for a new token', async () => {
    const place = memoryPlace();
    expect(await backUp(world.system, place)).toEqual({
      type: 'saved',
      name: 'token-cadence-2026-03-09-000001.backup',
    });
    expect(await backUp(world.system, place)).toMatchObject({ type: 'up-to-date' });
    world.clock.advance(MINUTE_MS);
    await world.signIn();
    expect(await backUp(world.system, place)).toMatchObject({ type: 'saved' });
    expect(await place.list()).toEqual(['token-cadence-2026-03-09-000002.backup']);
  });

  it('keeps seven days and what is not its own', async () => {
    const place = memoryPlace(['notes.txt']);
    for (let day = 0; day < 9; day += 1) {
      await backUp(world.system, place);
      world.clock.advance(24 * HOUR_MS);
    }
    const names = await place.list();
    expect(names).toHaveLength(8);
    expect(names).toContain('notes.txt');
    expect(newestBackupDay(names)).toBe('2026-03-17');
    expect(names).not.toContain('token-cadence-2026-03-10-000001.backup');
    expect(names).toContain('token-cadence-2026-03-11-000001.backup');
  });

  it('never stops a run: a place that is away is a value', async () => {
    const place = { ...memoryPlace(), list: () => Promise.reject(storeDown()) };
    expect(await backUp(world.system, place)).toEqual({
      type: 'failed',
      problem: 'The store does not answer',
    });
    expect(world.logged()).toContain('backup-not-saved');
  });

  it('saves nothing that lacks a session, and nothing before the first sign-in', async () => {
    const place = memoryPlace();
    world.steps.fail('store.readToken', storeDown());
    expect(await backUp(world.system, place)).toMatchObject({ type: 'failed' });
    expect(await backUp(createTestSystem().system, place)).toEqual({ type: 'nothing-to-save' });
    expect(await place.list()).toEqual([]);
  });
});

describe('health-check', () => {
  const health = async (place: BackupPlace) =>
    (await checkHealth({ ...world.system, backups: place })).problems;

  it('names copies that are missing, or two days old, or away', async () => {
    const place = memoryPlace();
    expect(await health(place)).toEqual(['Daily copies: there is no copy yet.']);
    await backUp(world.system, place);
    expect(await health(place)).toEqual([]);
    world.clock.advance(24 * HOUR_MS);
    expect(await health(place)).toEqual(['etrade-sandbox: a sign-in is needed.']);
    world.clock.advance(24 * HOUR_MS);
    expect(await health(place)).toContain('Daily copies: the last copy is of 2026-03-09.');
    const away = { ...place, list: () => Promise.reject(storeDown()) };
    expect(await health(away)).toContain('Daily copies: the store does not answer.');
  });

  it('asks for no copy before anybody has signed in', async () => {
    world = createTestSystem();
    expect(await health(memoryPlace())).toEqual(['etrade-sandbox: a sign-in is needed.']);
  });
});

describe('keep-alive', () => {
  it('saves a copy, and is done all the same when that fails', async () => {
    const place = memoryPlace();
    const call = async (backups: BackupPlace, body?: string) => {
      const request = new Request('https://f.example.com/', { method: 'POST', body: body ?? null });
      const answer = await keepAlive(request, { ...world.system, backups });
      return [answer.status, ((await answer.json()) as { backup: unknown }).backup];
    };
    expect(await call(place, '{"session":"etrade-sandbox"}')).toEqual([200, null]);
    const name = 'token-cadence-2026-03-09-000001.backup';
    expect(await call(place)).toEqual([200, { type: 'saved', name }]);
    const away = { ...place, list: () => Promise.reject(storeDown()) };
    expect(await call(away)).toEqual([
      200,
      { type: 'failed', problem: 'The store does not answer' },
    ]);
  });
});

function memoryPlace(names: readonly string[] = []): BackupPlace {
  const kept = new Set(names);
  return {
    list: async () => [...kept],
    save: async (name) => void kept.add(name),
    remove: async (name) => void kept.delete(name),
  };
}
