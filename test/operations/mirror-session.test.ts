/** `MIRROR_SECRETS` in the whole system, on Google's client: what older workers read after each step. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Log } from '../../functions/logging/log.ts';
import { checkHealth } from '../../functions/operations/check-health.ts';
import { revokeSession } from '../../functions/operations/revoke-session.ts';
import { createTokenMirror, mirrorNames } from '../../functions/storage/mirror-secrets.ts';
import { TIMEOUT } from '../fixtures/fake-broker.ts';
import { sessionKey } from '../fixtures/records.ts';
import { type SecretManagerServer, startSecretManager } from '../fixtures/secret-manager.ts';
import { createTestSystem, type TestSystem } from '../fixtures/system.ts';

const none = () => {};
const SILENT: Log = { debug: none, info: none, warn: none, error: none, with: () => SILENT };

let server: SecretManagerServer;

beforeEach(async () => {
  server = await startSecretManager();
});

afterEach(async () => {
  await server.close();
});

async function aSystem(key: string): Promise<TestSystem> {
  for (const secret of namesOf(key)) await server.createSecret(secret);
  return createTestSystem({
    sessions: [{ key }],
    mirror: (clock) =>
      createTokenMirror({
        secrets: server.access({ clock }),
        sessions: [sessionKey(key)],
        clock,
        log: SILENT,
      }),
  });
}

function namesOf(key: string): readonly string[] {
  const names = mirrorNames(sessionKey(key));
  return names === null ? [] : [names.token, names.secret];
}

/** The enabled versions of both secrets, as text. */
async function held(key: string): Promise<readonly (readonly string[])[]> {
  const read = namesOf(key).map(async (secret) => {
    const access = server.access();
    const versions = (await access.listVersions(secret)) ?? [];
    const texts = versions.map(async ({ version }) => access.readVersion(secret, version));
    return (await Promise.all(texts)).flatMap((one) => (one.status === 'found' ? [one.text] : []));
  });
  return Promise.all(read);
}

/** What is stored, in the form of `held`. */
async function stored(world: TestSystem): Promise<readonly (readonly string[])[]> {
  const { key } = world.session();
  const { version } = await world.record();
  const read = await world.store.readToken(key, version ?? 0);
  if (read.status !== 'found') throw new Error('no token is stored');
  return [[read.token.accessToken.reveal()], [read.token.tokenSecret?.reveal() ?? '']];
}

describe.each(['etrade-prod', 'etrade-sandbox'])('the mirror of %s', (key) => {
  it('holds the new pair alone after each sign-in', async () => {
    const world = await aSystem(key);
    expect((await world.signIn()).ok).toBe(true);
    expect(await held(key)).toEqual(await stored(world));
    await world.signIn();
    expect(await held(key)).toEqual(await stored(world));
  });

  it('in trouble fails no sign-in, is named by health, and is made good by the next health check', async () => {
    const world = await aSystem(key);
    server.standIn.deny({ method: 'addSecretVersion' });
    expect(await world.signIn()).toMatchObject({ ok: true, follow: 'told' });
    const { problems, worked } = await checkHealth(world.system);
    expect(worked).toBe(true);
    expect(problems).toEqual([
      expect.stringMatching(new RegExp(`^${key}: the mirror is not up to date: .*secretmanager`)),
    ]);
    server.standIn.allowAll();
    expect((await checkHealth(world.system)).problems).toEqual([]);
    expect(await held(key)).toEqual(await stored(world));
  });

  it('is written by the health check that adopts a token', async () => {
    const world = await aSystem(key);
    await world.signIn();
    // Nobody can say yet whose token it is, so the pointer stays.
    world.broker().failNext('probe', TIMEOUT, { times: 2 });
    expect(await world.signIn()).toMatchObject({ follow: 'adopting' });
    expect(await held(key)).toEqual(await stored(world));
    await checkHealth(world.system);
    expect((await world.record()).generation).toBe(2);
    expect(await held(key)).toEqual(await stored(world));
  });

  it('is emptied by signing out', async () => {
    const world = await aSystem(key);
    await world.signIn();
    expect(await revokeSession(world.system, world.session())).toMatchObject({ ok: true });
    expect(await held(key)).toEqual([[], []]);
    await world.signIn();
    expect(await held(key)).toEqual(await stored(world));
  });

  it('that the sign-out could not empty is named by health and emptied by it', async () => {
    const world = await aSystem(key);
    await world.signIn();
    server.standIn.deny({ method: 'destroySecretVersion' });
    server.standIn.deny({ method: 'disableSecretVersion' });
    await revokeSession(world.system, world.session()).catch(() => {});
    expect((await checkHealth(world.system)).problems.join()).toContain('the mirror');
    server.standIn.allowAll();
    await checkHealth(world.system);
    expect(await held(key)).toEqual([[], []]);
  });
});

it('nobody asks for a mirror: no further call is made', async () => {
  const world = createTestSystem();
  await world.signIn();
  await checkHealth(world.system);
  expect(server.calls).toEqual([]);
});
