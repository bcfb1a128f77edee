import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Log } from '../../functions/logging/log.ts';
import { Secret } from '../../functions/secret.ts';
import { createTokenMirror, mirrorNames } from '../../functions/storage/mirror-secrets.ts';
import type { StoredToken } from '../../functions/storage/session-store.ts';
import type { TokenMirror } from '../../functions/storage/token-mirror.ts';
import { anActiveRecord, ny, sessionKey } from '../fixtures/records.ts';
import { type SecretManagerServer, startSecretManager } from '../fixtures/secret-manager.ts';
import { aToken, PROD } from '../fixtures/tokens.ts';

const TOKEN = 'ETRADE_OAUTH_PROD_ACCESS_TOKEN';
const SECRET = 'ETRADE_OAUTH_PROD_ACCESS_SECRET';

const nth = (generation: number): StoredToken =>
  aToken({
    session: PROD,
    generation,
    issuedAt: ny('08:31') + generation,
    accessToken: new Secret(`canary-access-${generation}`),
    tokenSecret: new Secret(`canary-secret-${generation}`),
  });
const recordOf = ({ generation, issuedAt }: StoredToken) =>
  anActiveRecord({ generation, issuedAt });

let server: SecretManagerServer;
let logged: string[];

beforeEach(async () => {
  server = await startSecretManager();
  logged = [];
  await server.createSecret(TOKEN, { owner: 'me' });
  await server.createSecret(SECRET);
});

afterEach(async () => {
  await server.close();
});

const none = () => {};
const SILENT: Log = { debug: none, info: none, warn: none, error: none, with: () => SILENT };

function aMirror(): TokenMirror {
  const error: Log['error'] = (event, message, thrown) => {
    logged.push(`${event} ${message} ${String(thrown)}`);
  };
  return createTokenMirror({
    secrets: server.access(),
    sessions: [PROD, sessionKey('etrade-prod-ira')],
    clock: () => server.moment.now,
    log: { ...SILENT, error },
  });
}

/** What a worker with the two names reads. */
async function pair(): Promise<readonly string[]> {
  return Promise.all(
    [TOKEN, SECRET].map(async (secret) => {
      const answer = await server.send('GET', `/${secret}/versions/latest:access`);
      const json = (await answer.json()) as { payload: { data: string } };
      return Buffer.from(json.payload.data, 'base64').toString();
    }),
  );
}

async function statesOf(secret: string): Promise<readonly string[]> {
  const json = (await (await server.send('GET', `/${secret}/versions`)).json()) as {
    versions: { state: string }[];
  };
  return json.versions.map(({ state }) => state).reverse();
}

describe('the names', () => {
  it.each([
    { key: 'etrade-prod', token: TOKEN, secret: SECRET },
    {
      key: 'etrade-sandbox',
      token: 'ETRADE_OAUTH_SANDBOX_ACCESS_TOKEN',
      secret: 'ETRADE_OAUTH_SANDBOX_ACCESS_SECRET',
    },
  ])('of $key are the ones that workers read already', ({ key, token, secret }) => {
    expect(mirrorNames(sessionKey(key))).toEqual({ token, secret });
  });

  it('are not given to one of several accounts, and nothing is written', async () => {
    const session = sessionKey('etrade-prod-ira');
    expect(mirrorNames(session)).toBeNull();
    const token = { ...nth(1), session };
    expect(await aMirror().mirrorToken(session, token)).toEqual({ ok: false, problem: null });
    expect(await aMirror().isCurrent(session, recordOf(token))).toBe(true);
    expect(server.methods()).not.toContain('addSecretVersion');
  });
});

describe('a mirrored token', () => {
  it('is read as bare text under both names, and the one before is destroyed', async () => {
    const mirror = aMirror();
    expect(await mirror.mirrorToken(PROD, nth(1))).toEqual({ ok: true });
    expect(await mirror.mirrorToken(PROD, nth(2))).toEqual({ ok: true });
    expect(await pair()).toEqual(['canary-access-2', 'canary-secret-2']);
    for (const secret of [TOKEN, SECRET]) {
      expect(await statesOf(secret)).toEqual(['DESTROYED', 'ENABLED']);
    }
  });

  it('is known to be current, also by the next instance, and its successor is not', async () => {
    const mirror = aMirror();
    expect(await mirror.isCurrent(PROD, recordOf(nth(1)))).toBe(false);
    await mirror.mirrorToken(PROD, nth(1));
    for (const either of [mirror, aMirror()]) {
      expect(await either.isCurrent(PROD, recordOf(nth(1)))).toBe(true);
      expect(await either.isCurrent(PROD, recordOf(nth(2)))).toBe(false);
    }
  });

  it('is current by itself when nobody is signed in', async () => {
    const nobody = anActiveRecord({ version: null });
    expect(await aMirror().isCurrent(PROD, nobody)).toBe(true);
  });

  it('leaves the annotations of others alone', async () => {
    await aMirror().mirrorToken(PROD, nth(1));
    const json = await (await server.send('GET', `/${TOKEN}`)).json();
    expect(json).toMatchObject({ annotations: { owner: 'me' } });
  });

  it('is not mirrored again by its instance while annotations lag', async () => {
    server.moment.now += 7_200_000;
    server.standIn.setLag(3_600_000);
    const mirror = aMirror();
    await mirror.mirrorToken(PROD, nth(1));
    expect(await mirror.isCurrent(PROD, recordOf(nth(1)))).toBe(true);
  });
});

describe('a mirror that cannot be written', () => {
  it.each([
    { what: 'denied', break: () => server.standIn.deny({ method: 'addSecretVersion' }) },
    { what: 'unavailable', break: () => server.standIn.setFault({ status: 503 }) },
    { what: 'missing', break: () => server.send('DELETE', `/${SECRET}`) },
  ])('is told in the log and never thrown: $what', async ({ break: broken }) => {
    await broken();
    expect(await aMirror().mirrorToken(PROD, nth(1))).toEqual({
      ok: false,
      problem: expect.stringMatching(/Secret Manager|secret "ETRADE_OAUTH_PROD/),
    });
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain('mirror-failed');
    expect(logged[0]).not.toContain('canary');
  });

  it.each([1, 2, 3, 4, 5, 6])('after %i calls is made good by the next run', async (after) => {
    await aMirror().mirrorToken(PROD, nth(1));
    server.standIn.setFault({ status: 500, after });
    const stopped = await aMirror().mirrorToken(PROD, nth(2));
    server.standIn.setFault(null);
    const next = aMirror();
    // Behind the mark only destroying is left, which the next token does as well.
    if (!(await next.isCurrent(PROD, recordOf(nth(2))))) {
      expect(stopped).toMatchObject({ ok: false });
      expect(await next.mirrorToken(PROD, nth(2))).toEqual({ ok: true });
    }
    expect(await pair()).toEqual(['canary-access-2', 'canary-secret-2']);
    await next.mirrorToken(PROD, nth(3));
    for (const secret of [TOKEN, SECRET]) {
      expect((await statesOf(secret)).filter((state) => state === 'ENABLED')).toHaveLength(1);
    }
  });

  it('because another was written meanwhile does not call itself current', async () => {
    const secrets = server.access();
    let overtaken = false;
    const slow = createTokenMirror({
      log: SILENT,
      sessions: [PROD],
      clock: () => server.moment.now,
      secrets: {
        ...secrets,
        addVersion: async (secret, text) => {
          if (!overtaken) {
            overtaken = true;
            await aMirror().mirrorToken(PROD, nth(2));
          }
          return secrets.addVersion(secret, text);
        },
      },
    });
    expect(await slow.mirrorToken(PROD, nth(1))).toMatchObject({ ok: false });
    const next = aMirror();
    expect(await next.isCurrent(PROD, recordOf(nth(2)))).toBe(false);
    await next.mirrorToken(PROD, nth(2));
    expect(await pair()).toEqual(['canary-access-2', 'canary-secret-2']);
  });

  it('because it is too slow lets go, so that no person waits for it', async () => {
    const secrets = server.access();
    const slow = createTokenMirror({
      log: SILENT,
      sessions: [PROD],
      clock: () => server.moment.now,
      secrets: {
        ...secrets,
        addVersion: async (secret, text) => {
          server.moment.now += 10_000;
          return secrets.addVersion(secret, text);
        },
      },
    });
    expect(await slow.mirrorToken(PROD, nth(1))).toMatchObject({ ok: false });
    expect(server.methods().filter((method) => method === 'addSecretVersion')).toHaveLength(1);
  });

  it('by two at once ends with the current token, at the latest after the next run', async () => {
    await Promise.all([aMirror().mirrorToken(PROD, nth(1)), aMirror().mirrorToken(PROD, nth(2))]);
    const next = aMirror();
    if (!(await next.isCurrent(PROD, recordOf(nth(2))))) await next.mirrorToken(PROD, nth(2));
    expect(await pair()).toEqual(['canary-access-2', 'canary-secret-2']);
  });
});
