import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FileStoreHarness, makeFileStore } from '../fixtures/file-store.ts';
import type { StoreWriterMessage } from '../fixtures/store-writer.ts';
import { aToken, SANDBOX } from '../fixtures/tokens.ts';

const WRITER = fileURLToPath(new URL('../fixtures/store-writer.ts', import.meta.url));

describe('an encrypted file store shared by processes', () => {
  let harness: FileStoreHarness;
  let children: ChildProcess[];

  beforeEach(async () => {
    harness = await makeFileStore();
    children = [];
  });

  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await harness.close();
  });

  function startWriter(rounds: number): { child: ChildProcess; told: StoreWriterMessage[] } {
    const child = fork(WRITER, [harness.directory, harness.keyFile, String(rounds)], {
      execArgv: [],
    });
    const told: StoreWriterMessage[] = [];
    child.on('message', (message: StoreWriterMessage) => told.push(message));
    children.push(child);
    return { child, told };
  }

  const replacedIn = (told: readonly StoreWriterMessage[]) =>
    told.flatMap((message) => (message.type === 'replaced' ? [message.renewals] : []));
  const addedIn = (told: readonly StoreWriterMessage[]) =>
    told.flatMap((message) => (message.type === 'added' ? [message.version] : []));

  it('loses no write and gives no number twice while three race from the first use on', async () => {
    const rounds = 25;
    const writers = [startWriter(rounds), startWriter(rounds), startWriter(rounds)];
    const ends = await Promise.all(writers.map(({ child }) => once(child, 'exit')));
    expect(ends).toEqual(writers.map(() => [0, null]));

    const { record } = await harness.store.load(SANDBOX);
    expect(record.counts.renewals).toBe(writers.length * rounds);
    const told = writers.flatMap((writer) => writer.told);
    const expected = Array.from({ length: writers.length * rounds }, (_, index) => index + 1);
    expect(replacedIn(told).sort((a, b) => a - b)).toEqual(expected);
    expect(addedIn(told).sort((a, b) => a - b)).toEqual(expected);
    for (const { child, told: own } of writers) {
      for (const version of addedIn(own)) {
        expect(await harness.store.readToken(SANDBOX, version)).toMatchObject({
          status: 'found',
          token: { generation: child.pid },
        });
      }
    }
  });

  it('is whole after a writer was killed in the middle of its writes, again and again', async () => {
    let renewals = 0;
    let versions = 0;
    for (let round = 0; round < 8; round += 1) {
      const { child, told } = startWriter(Number.POSITIVE_INFINITY);
      // Another message each round, so that the kill meets each kind of write at another point.
      while (told.length < 3 + round) await once(child, 'message');
      // The channel closes after its last message: then everything the child knew of is told.
      const ended = Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
      child.kill('SIGKILL');
      expect((await ended)[0]).toEqual([null, 'SIGKILL']);

      const store = harness.open();
      const { record } = await store.load(SANDBOX);
      const acknowledged = Math.max(renewals, ...replacedIn(told));
      expect([acknowledged, acknowledged + 1]).toContain(record.counts.renewals);
      renewals = record.counts.renewals;

      const listed = await store.listVersions(SANDBOX);
      expect(listed.map(({ version }) => version)).toEqual(
        Array.from({ length: listed.length }, (_, index) => index + 1),
      );
      expect(listed.length).toBeGreaterThanOrEqual(Math.max(versions, ...addedIn(told)));
      versions = listed.length;
      for (const { version } of listed) {
        expect(await store.readToken(SANDBOX, version)).toMatchObject({ status: 'found' });
      }
      expect(await store.addToken(aToken())).toBe(versions + 1);
      versions += 1;
    }
  });
});
