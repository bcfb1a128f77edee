/**
 * What one instance has seen of a record a moment ago is not asked for again, and is never believed longer
 * than that moment: against Secret Manager's stand-in and the real client.
 */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NEW_RECORD } from '../../functions/lifecycle/session.ts';
import type { SessionStore } from '../../functions/storage/session-store.ts';
import { anActiveRecord, sessionKey } from '../fixtures/records.ts';
import { type SecretManagerServer, startSecretManager } from '../fixtures/secret-manager.ts';

const KEY = sessionKey('etrade-sandbox');
const MOMENT_MS = 2_000;

let server: SecretManagerServer;
let store: SessionStore;

beforeEach(async () => {
  server = await startSecretManager();
  await server.createSecret(`${KEY}-session`);
  store = server.store();
});

afterEach(() => server.close());

const reads = () => server.methods().filter((method) => method === 'getSecret').length;

describe('a record', () => {
  it('is read once by an operation that asks for it five times', async () => {
    for (let asked = 1; asked <= 5; asked += 1) await store.load(KEY);
    expect(reads()).toBe(1);
  });

  it('that this instance has just written is not read at all', async () => {
    const { tag } = await store.load(KEY);
    const replaced = await store.replace(KEY, tag, anActiveRecord());
    expect(await store.load(KEY)).toEqual({
      record: anActiveRecord(),
      tag: replaced.ok ? replaced.tag : '',
    });
    expect(reads()).toBe(1);
  });

  it('that another has written is seen after a moment', async () => {
    await store.load(KEY);
    const other = server.store();
    const { tag } = await other.load(KEY);
    await other.replace(KEY, tag, anActiveRecord());
    server.moment.now += MOMENT_MS - 1;
    expect((await store.load(KEY)).record).toEqual(NEW_RECORD);
    server.moment.now += 1;
    expect((await store.load(KEY)).record).toEqual(anActiveRecord());
  });

  it('that another has written is seen at once by a writer who lost to it', async () => {
    const { tag } = await store.load(KEY);
    const other = server.store();
    await other.replace(KEY, (await other.load(KEY)).tag, anActiveRecord());
    const lost = await store.replace(KEY, tag, anActiveRecord({ generation: 2 }));
    expect(lost).toEqual({ ok: false, reason: 'conflict' });
    expect((await store.load(KEY)).record).toEqual(anActiveRecord());
  });

  it('is read again after a write of which nobody knows what became', async () => {
    const { tag } = await store.load(KEY);
    server.standIn.setFault({ status: 503, method: 'updateSecret' });
    await expect(store.replace(KEY, tag, anActiveRecord())).rejects.toThrow('Secret Manager');
    const before = reads();
    await store.load(KEY);
    expect(reads()).toBe(before + 1);
  });

  it('is read again when the clock was set back', async () => {
    await store.load(KEY);
    server.moment.now -= 60_000;
    await store.load(KEY);
    expect(reads()).toBe(2);
  });
});
