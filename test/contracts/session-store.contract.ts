/**
 * What every store promises, as one suite: `describeSessionStore('memory', makeHarness)`.
 *
 * `describeSharedDocuments` is for stores that other releases and languages write to as well.
 * A harness gives a store that nobody has written to. The suite takes tags as opaque and measures no
 * time, so that files, memory and a remote service can all pass. Called by `test/storage/*.test.ts`.
 */

import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreError } from '../../functions/errors.ts';
import { RECORD_MAX_BYTES } from '../../functions/lifecycle/limits.ts';
import { NEW_SERVICE_RECORD } from '../../functions/lifecycle/notices.ts';
import { NEW_RECORD, type SessionKey } from '../../functions/lifecycle/session.ts';
import { Secret } from '../../functions/secret.ts';
import { readNewestToken, type SessionStore } from '../../functions/storage/session-store.ts';
import { anActiveRecord, ny } from '../fixtures/records.ts';
import { anEvent, aToken, CANARIES, PROD, revealed, SANDBOX } from '../fixtures/tokens.ts';

/** An existing document: the current record, or a version by number. */
export type Planted =
  | { readonly kind: 'record'; readonly session: SessionKey }
  | { readonly kind: 'token'; readonly session: SessionKey; readonly version: number }
  | { readonly kind: 'service' };

export type StoreHarness = {
  readonly store: SessionStore;
  /** A second handle on the same data, as another process would have it. */
  readonly other: SessionStore;
  /** The moment that the store's clock shows. */
  readonly now: number;
  readonly close: () => Promise<void>;
};

/** Of a store whose documents others can write too: another release, another language, a person. */
export type SharedStoreHarness = StoreHarness & {
  /** Replaces the text of an existing document, past every check. */
  readonly plant: (place: Planted, text: string) => Promise<void>;
};

async function failureOf(promise: Promise<unknown>): Promise<StoreError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(StoreError);
  return error as StoreError;
}

export function describeSessionStore(name: string, makeHarness: () => Promise<StoreHarness>): void {
  describe(`session store: ${name}`, () => {
    let harness: StoreHarness;
    let store: SessionStore;
    let other: SessionStore;

    beforeEach(async () => {
      harness = await makeHarness();
      ({ store, other } = harness);
    });

    afterEach(async () => {
      await harness.close();
    });

    async function save(record = anActiveRecord()): Promise<string> {
      const { tag } = await store.load(SANDBOX);
      const replaced = await store.replace(SANDBOX, tag, record);
      if (!replaced.ok) throw new Error('nobody else writes, and yet there was a conflict');
      return replaced.tag;
    }

    describe('a record', () => {
      it('of a session never written is a new one', async () => {
        expect((await store.load(SANDBOX)).record).toEqual(NEW_RECORD);
      });

      it('is read back by every handle as it was written', async () => {
        const record = anActiveRecord({ undelivered: [anEvent()] });
        const tag = await save(record);
        expect(await store.load(SANDBOX)).toEqual({ record, tag });
        expect(await other.load(SANDBOX)).toEqual({ record, tag });
      });

      it('is the latest where an old one would not do, and after it was announced', async () => {
        expect((await store.loadFresh(SANDBOX)).record).toEqual(NEW_RECORD);
        const record = anActiveRecord();
        await save(record);
        await other.prefetch([SANDBOX, PROD]);
        expect((await other.load(SANDBOX)).record).toEqual(record);
        const fresh = await other.loadFresh(SANDBOX);
        expect(fresh.record).toEqual(record);
        const next = anActiveRecord({ generation: record.generation + 1 });
        expect(await other.replace(SANDBOX, fresh.tag, next)).toMatchObject({ ok: true });
      });

      it('of one session says nothing about another', async () => {
        await save();
        expect((await store.load(PROD)).record).toEqual(NEW_RECORD);
      });

      it('shares nothing with the object it was written from', async () => {
        const workers = {
          'orb-bot': { generation: 7, lastUsedAt: null, at: ny('09:00'), stopped: false },
        };
        await save(anActiveRecord({ workers }));
        workers['orb-bot'].generation = 99;
        expect((await store.load(SANDBOX)).record.workers['orb-bot']?.generation).toBe(7);
      });

      it('is replaced again and again with the tag that each replacement gives', async () => {
        let tag = await save();
        for (let generation = 8; generation < 30; generation += 1) {
          const replaced = await store.replace(SANDBOX, tag, anActiveRecord({ generation }));
          expect(replaced.ok).toBe(true);
          if (replaced.ok) tag = replaced.tag;
        }
        expect(await other.load(SANDBOX)).toEqual({
          record: anActiveRecord({ generation: 29 }),
          tag,
        });
      });

      it('is not replaced with a tag that was used before', async () => {
        const tag = await save();
        await store.replace(SANDBOX, tag, anActiveRecord({ generation: 8 }));
        expect(await store.replace(SANDBOX, tag, anActiveRecord({ generation: 9 }))).toEqual({
          ok: false,
          reason: 'conflict',
        });
        expect((await store.load(SANDBOX)).record.generation).toBe(8);
      });

      it('is not replaced with a very old tag', async () => {
        const first = await save();
        for (let generation = 8; generation < 30; generation += 1) {
          await save(anActiveRecord({ generation }));
        }
        expect(await store.replace(SANDBOX, first, anActiveRecord())).toMatchObject({ ok: false });
        expect((await store.load(SANDBOX)).record.generation).toBe(29);
      });

      it('is not created by somebody who read before another created it', async () => {
        const { tag } = await other.load(SANDBOX);
        await save();
        expect(await other.replace(SANDBOX, tag, NEW_RECORD)).toMatchObject({ ok: false });
      });

      it('is not replaced with a tag that no store has given', async () => {
        await save();
        expect(await store.replace(SANDBOX, 'nonsense', NEW_RECORD)).toMatchObject({ ok: false });
      });

      it('has exactly one winner when ten replace it at once over two handles', async () => {
        for (const start of ['new', 'written'] as const) {
          const tag = start === 'new' ? (await store.load(SANDBOX)).tag : await save();
          const results = await Promise.all(
            Array.from({ length: 10 }, (_, index) =>
              (index % 2 === 0 ? store : other).replace(
                SANDBOX,
                tag,
                anActiveRecord({ generation: 100 + index }),
              ),
            ),
          );
          const winners = results.flatMap((result, index) => (result.ok ? [index] : []));
          expect(winners).toHaveLength(1);
          const { record } = await other.load(SANDBOX);
          expect(record.generation).toBe(100 + (winners[0] ?? Number.NaN));
        }
      });

      it('that would be too large loses history, never the pointer or an event', async () => {
        const history = Array.from({ length: 600 }, (_, at) => ({ generation: at, at }));
        await save(anActiveRecord({ history, undelivered: [anEvent()] }));
        const { record } = await other.load(SANDBOX);
        expect(record.history.length).toBeLessThan(600);
        expect(record).toEqual(
          anActiveRecord({ history: record.history, undelivered: [anEvent()] }),
        );
      });

      it('that is too large without any history is refused and changes nothing', async () => {
        const tag = await save();
        const lease = { owner: 'x'.repeat(RECORD_MAX_BYTES), until: ny('09:00'), generation: 7 };
        expect(
          await failureOf(store.replace(SANDBOX, tag, anActiveRecord({ lease }))),
        ).toMatchObject({
          code: 'STORE_RECORD_TOO_LARGE',
          retryable: false,
        });
        expect(await store.load(SANDBOX)).toEqual({ record: anActiveRecord(), tag });
      });
    });

    describe('a token', () => {
      it('is read back by number through every handle, secrets included', async () => {
        const token = aToken({ refreshToken: new Secret('canary-refresh-token') });
        const version = await store.addToken(token);
        for (const handle of [store, other]) {
          const read = await handle.readToken(SANDBOX, version);
          expect(read).toMatchObject({ status: 'found', version });
          expect(read.status === 'found' && revealed(read.token)).toEqual(revealed(token));
        }
      });

      it('gets the next number of its session, from 1', async () => {
        expect(await store.addToken(aToken())).toBe(1);
        expect(await other.addToken(aToken())).toBe(2);
        expect(await store.addToken(aToken({ session: PROD }))).toBe(1);
        expect(await store.addToken(aToken())).toBe(3);
      });

      it('gets a number of its own when twenty are added at once over two handles', async () => {
        const numbers = await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            (index % 2 === 0 ? store : other).addToken(aToken({ generation: index })),
          ),
        );
        expect([...numbers].sort((a, b) => a - b)).toEqual(
          Array.from({ length: 20 }, (_, index) => index + 1),
        );
        for (const [generation, version] of numbers.entries()) {
          const read = await store.readToken(SANDBOX, version);
          expect(read.status === 'found' && read.token.generation).toBe(generation);
        }
      });

      it('does not move the pointer', async () => {
        const tag = await save(anActiveRecord({ version: 12 }));
        await store.addToken(aToken());
        const loaded = await store.load(SANDBOX);
        expect(loaded.record.version).toBe(12);
        expect(await store.replace(SANDBOX, tag, loaded.record)).toMatchObject({ ok: true });
      });

      it.each([0, -1, 1.5, 2, 1_000_000])('is missing at number %s', async (version) => {
        await store.addToken(aToken());
        expect(await store.readToken(SANDBOX, version)).toEqual({ status: 'missing' });
      });

      it('is gone for every handle once destroyed, and its number stays taken', async () => {
        await store.addToken(aToken());
        const version = await store.addToken(aToken());
        await other.destroyVersion(SANDBOX, version);
        expect(await store.readToken(SANDBOX, version)).toEqual({ status: 'destroyed' });
        expect(await store.addToken(aToken())).toBe(version + 1);
        expect(await store.readToken(SANDBOX, 1)).toMatchObject({ status: 'found' });
      });

      it('is destroyed quietly when it is gone already or never was', async () => {
        const version = await store.addToken(aToken());
        await store.destroyVersion(SANDBOX, version);
        await store.destroyVersion(SANDBOX, version);
        await store.destroyVersion(SANDBOX, version + 1);
        await store.destroyVersion(PROD, 1);
        expect(await store.readToken(SANDBOX, version)).toEqual({ status: 'destroyed' });
        expect(await store.readToken(SANDBOX, version + 1)).toEqual({ status: 'missing' });
      });

      it('is found by a reader whose pointer lags behind', async () => {
        await store.addToken(aToken({ generation: 1 }));
        const version = await other.addToken(aToken({ generation: 2 }));
        expect((await readNewestToken(store, SANDBOX, 1))?.version).toBe(version);
      });

      it('that is too large is refused and takes no number', async () => {
        const accessToken = new Secret('x'.repeat(64 * 1024));
        expect((await failureOf(store.addToken(aToken({ accessToken })))).code).toBe(
          'STORE_RECORD_TOO_LARGE',
        );
        expect(await store.addToken(aToken())).toBe(1);
      });
    });

    describe('the list of versions', () => {
      it('is empty for a session never written', async () => {
        expect(await store.listVersions(SANDBOX)).toEqual([]);
      });

      it('has every version with its fate and its time, in order', async () => {
        for (let version = 1; version <= 11; version += 1) await store.addToken(aToken());
        await store.destroyVersion(SANDBOX, 2);
        const listed = await other.listVersions(SANDBOX);
        expect([...listed].sort((a, b) => a.version - b.version)).toEqual(
          Array.from({ length: 11 }, (_, index) => ({
            version: index + 1,
            destroyed: index + 1 === 2,
            createdAt: harness.now,
          })),
        );
      });
    });

    describe("the service's record", () => {
      const told = { ...NEW_SERVICE_RECORD, lastLinkAt: ny('08:30') };

      it('is a new one when never written', async () => {
        expect((await store.loadService()).record).toEqual(NEW_SERVICE_RECORD);
      });

      it('is replaced by who has read it last, and by nobody else', async () => {
        const { tag } = await store.loadService();
        const replaced = await store.replaceService(tag, told);
        expect(replaced).toMatchObject({ ok: true });
        expect(await other.replaceService(tag, NEW_SERVICE_RECORD)).toEqual({
          ok: false,
          reason: 'conflict',
        });
        expect(await other.loadService()).toEqual({
          record: told,
          tag: replaced.ok ? replaced.tag : '',
        });
      });

      it('has exactly one winner when ten replace it at once over two handles', async () => {
        const { tag } = await store.loadService();
        const results = await Promise.all(
          Array.from({ length: 10 }, (_, index) =>
            (index % 2 === 0 ? store : other).replaceService(tag, { ...told, lastLinkAt: index }),
          ),
        );
        expect(results.filter((result) => result.ok)).toHaveLength(1);
        expect((await store.loadService()).record.lastLinkAt).toBe(
          results.findIndex((result) => result.ok),
        );
      });

      it("is apart from the sessions' records", async () => {
        const { tag } = await store.loadService();
        await store.replaceService(tag, told);
        expect((await store.load(SANDBOX)).record).toEqual(NEW_RECORD);
      });
    });

    it('shows no secret in what prints of it or of what it answers', async () => {
      const version = await store.addToken(aToken());
      const answers = [store, other, await store.readToken(SANDBOX, version)];
      const printed = answers.map((answer) =>
        [inspect(answer, { depth: 20, showHidden: true }), JSON.stringify(answer)].join('\n'),
      );
      for (const canary of CANARIES) expect(printed.join('\n')).not.toContain(canary);
    });
  });
}

/** What a store promises about documents that it has not written itself. */
export function describeSharedDocuments(
  name: string,
  makeHarness: () => Promise<SharedStoreHarness>,
): void {
  describe(`session store: ${name}: a document that somebody else has written`, () => {
    let harness: SharedStoreHarness;
    let store: SessionStore;

    beforeEach(async () => {
      harness = await makeHarness();
      store = harness.store;
      await store.replace(SANDBOX, (await store.load(SANDBOX)).tag, anActiveRecord());
      await store.replaceService((await store.loadService()).tag, NEW_SERVICE_RECORD);
      await store.addToken(aToken());
    });

    afterEach(async () => {
      await harness.close();
    });

    const RECORD = { kind: 'record', session: SANDBOX } as const;
    const TOKEN = { kind: 'token', session: SANDBOX, version: 1 } as const;
    const SERVICE = { kind: 'service' } as const;
    const READ = {
      record: () => store.load(SANDBOX),
      token: () => store.readToken(SANDBOX, 1),
      service: () => store.loadService(),
    };

    it.each([
      { what: 'a torn record', place: RECORD, text: '{"generation":"canary' },
      { what: "a newer release's record", place: RECORD, text: '{"schemaVersion":2}' },
      { what: 'a wrong record', place: RECORD, text: '{"schemaVersion":1,"generation":"canary"}' },
      { what: 'a torn token', place: TOKEN, text: '{"accessToken":"canary' },
      { what: "a newer release's token", place: TOKEN, text: '{"schemaVersion":2}' },
      { what: 'a wrong token', place: TOKEN, text: '{"schemaVersion":1,"session":"canary"}' },
      { what: "a torn service's record", place: SERVICE, text: 'canary' },
      { what: "a newer release's service record", place: SERVICE, text: '{"schemaVersion":2}' },
      {
        what: "a wrong service's record",
        place: SERVICE,
        text: '{"schemaVersion":1,"notices":"canary"}',
      },
    ])('is refused by name, its text unquoted: $what', async ({ place, text }) => {
      await harness.plant(place, text);
      const error = await failureOf(READ[place.kind]());
      expect(error).toMatchObject({ code: 'STORE_RECORD_INVALID', retryable: false });
      expect(error.message).toContain(
        place.kind === 'service' ? "service's record" : `${place.kind} of session "etrade-sandbox"`,
      );
      expect(inspect(error, { depth: 10 })).not.toContain('canary');
    });

    it('is read when it only has more fields than we know', async () => {
      await harness.plant(RECORD, '{"schemaVersion":1,"generation":3,"mood":"good"}');
      expect((await store.load(SANDBOX)).record).toEqual({ ...NEW_RECORD, generation: 3 });
    });
  });
}
