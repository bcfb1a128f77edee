import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSecretManagerStandIn } from '../../infra/local/secret-manager/stand-in.ts';
import {
  PROJECT,
  type SecretManagerServer,
  startSecretManager,
} from '../fixtures/secret-manager.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

type Json = Record<string, unknown>;

let server: SecretManagerServer;

beforeEach(async () => {
  server = await startSecretManager();
});

afterEach(async () => {
  await server.close();
});

async function call(http: string, path: string, body?: unknown): Promise<[number, Json]> {
  const response = await server.send(http, path, body);
  return [response.status, (await response.json()) as Json];
}

/** The canonical status that a call is refused with, or 'OK'. */
async function statusOf(http: string, path: string, body?: unknown): Promise<string> {
  const [status, json] = await call(http, path, body);
  if (status === 200) return 'OK';
  const error = json['error'] as Json;
  expect(error['code']).toBe(status);
  return String(error['status']);
}

const payload = (text: string, dataCrc32c?: unknown) => ({
  payload: { data: Buffer.from(text).toString('base64'), dataCrc32c },
});
const create = (id: string, fields: Json = {}) =>
  statusOf('POST', `?secretId=${id}`, { replication: { automatic: {} }, ...fields });
const add = (id: string, text = 'value') => statusOf('POST', `/${id}:addVersion`, payload(text));
const annotate = (id: string, annotations: Json, etag?: unknown) =>
  statusOf('PATCH', `/${id}?updateMask=annotations`, { annotations, etag });
const field = async (path: string, name: string) => (await call('GET', path))[1][name];

describe('a secret', () => {
  it('is created, read, changed and deleted', async () => {
    expect(await create('one', { labels: { app: 'cadence' } })).toBe('OK');
    const [, read] = await call('GET', '/one');
    expect(read).toMatchObject({
      name: 'projects/100000000001/secrets/one',
      labels: { app: 'cadence' },
      replication: { automatic: {} },
      createTime: '2026-03-09T12:31:00.000Z',
      etag: expect.stringMatching(/^"[0-9a-f]+"$/),
    });
    expect(await annotate('one', { note: 'hi' })).toBe('OK');
    expect(await field('/one', 'annotations')).toEqual({ note: 'hi' });
    expect(await statusOf('DELETE', '/one')).toBe('OK');
    expect(await statusOf('GET', '/one')).toBe('NOT_FOUND');
  });

  it('exists once', async () => {
    await create('one');
    expect(await create('one')).toBe('ALREADY_EXISTS');
  });

  it.each([
    { id: 'a'.repeat(255), expected: 'OK' },
    { id: 'a'.repeat(256), expected: 'INVALID_ARGUMENT' },
    { id: 'with_underscore-1', expected: 'OK' },
    { id: 'with.dot', expected: 'INVALID_ARGUMENT' },
    { id: '', expected: 'INVALID_ARGUMENT' },
  ])('with the id "$id" is $expected', async ({ id, expected }) => {
    expect(await create(id)).toBe(expected);
  });

  it.each([
    { labels: { env: 'prod' }, expected: 'OK' },
    { labels: { Env: 'prod' }, expected: 'INVALID_ARGUMENT' },
    { labels: { env: 'Prod' }, expected: 'INVALID_ARGUMENT' },
    { labels: { env: 'x'.repeat(63) }, expected: 'OK' },
    { labels: { env: 'x'.repeat(64) }, expected: 'INVALID_ARGUMENT' },
    {
      labels: Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`l${index}`, ''])),
      expected: 'INVALID_ARGUMENT',
    },
  ])('with labels is $expected', async ({ labels, expected }) => {
    expect(await create('one', { labels })).toBe(expected);
  });

  it.each([
    { annotations: { a: 'x'.repeat(16 * 1024 - 2) }, expected: 'OK' },
    { annotations: { a: 'x'.repeat(16 * 1024 - 1) }, expected: 'INVALID_ARGUMENT' },
    { annotations: { a: 'é'.repeat(8 * 1024 - 1) }, expected: 'OK' },
    { annotations: { a: 'é'.repeat(8 * 1024) }, expected: 'INVALID_ARGUMENT' },
    { annotations: { ['k'.repeat(63)]: '' }, expected: 'OK' },
    { annotations: { ['k'.repeat(64)]: '' }, expected: 'INVALID_ARGUMENT' },
    { annotations: { 'a.b_c-d': '' }, expected: 'OK' },
    { annotations: { '-a': '' }, expected: 'INVALID_ARGUMENT' },
    { annotations: { 'a.': '' }, expected: 'INVALID_ARGUMENT' },
  ])('with annotations at the limit is $expected', async ({ annotations, expected }) => {
    await create('one');
    expect(await annotate('one', annotations)).toBe(expected);
  });

  it('is not created without replication, or with fields that no secret has', async () => {
    expect(await statusOf('POST', '?secretId=one', {})).toBe('INVALID_ARGUMENT');
    expect(await create('one', { colour: 'red' })).toBe('INVALID_ARGUMENT');
  });

  it('is changed only where the mask says', async () => {
    await create('one', { labels: { app: 'cadence' }, annotations: { note: 'hi' } });
    expect(await statusOf('PATCH', '/one', { labels: {} })).toBe('INVALID_ARGUMENT');
    expect(await statusOf('PATCH', '/one?updateMask=replication', {})).toBe('INVALID_ARGUMENT');
    expect(await statusOf('PATCH', '/one?updateMask=labels', {})).toBe('OK');
    expect(await field('/one', 'labels')).toBeUndefined();
    expect(await field('/one', 'annotations')).toEqual({ note: 'hi' });
  });

  it('ends when its time is over', async () => {
    await create('one', { ttl: '60s' });
    server.moment.now += MINUTE_MS - 1;
    expect(await statusOf('GET', '/one')).toBe('OK');
    server.moment.now += 1;
    expect(await statusOf('GET', '/one')).toBe('NOT_FOUND');
  });

  it('of another project is out of reach', async () => {
    const response = await fetch(`${server.url}/v1/projects/other/secrets`);
    expect(response.status).toBe(403);
  });

  it('is found under its number as well as its id', async () => {
    await create('one');
    const response = await fetch(`${server.url}/v1/projects/100000000001/secrets/one`);
    expect(response.status).toBe(200);
  });
});

describe('an etag', () => {
  it('lets a change pass once; without one every change passes', async () => {
    await create('one');
    const etag = await field('/one', 'etag');
    expect(await annotate('one', { n: '1' }, etag)).toBe('OK');
    expect(await annotate('one', { n: '2' }, etag)).toBe('FAILED_PRECONDITION');
    expect(await annotate('one', { n: '3' })).toBe('OK');
    expect(await field('/one', 'annotations')).toEqual({ n: '3' });
  });

  it('moves with a change that changes nothing', async () => {
    await create('one');
    const etag = await field('/one', 'etag');
    await annotate('one', {});
    expect(await field('/one', 'etag')).not.toBe(etag);
  });

  it('of a secret stays when versions come and go, and theirs when it changes', async () => {
    await create('one');
    const etag = await field('/one', 'etag');
    await add('one');
    const version = await field('/one/versions/1', 'etag');
    await annotate('one', { n: '1' });
    expect(await field('/one/versions/1', 'etag')).toBe(version);
    const secret = await field('/one', 'etag');
    expect(secret).not.toBe(etag);
    await statusOf('POST', '/one/versions/1:destroy', {});
    expect(await field('/one', 'etag')).toBe(secret);
    expect(await field('/one/versions/1', 'etag')).not.toBe(version);
  });

  it('guards enabling, disabling, destroying and deleting', async () => {
    await create('one');
    await add('one');
    for (const verb of ['disable', 'enable', 'destroy']) {
      const path = `/one/versions/1:${verb}`;
      expect(await statusOf('POST', path, { etag: '"old"' })).toBe('FAILED_PRECONDITION');
      const etag = await field('/one/versions/1', 'etag');
      expect(await statusOf('POST', path, { etag })).toBe('OK');
    }
    expect(await statusOf('DELETE', '/one?etag=%22old%22')).toBe('FAILED_PRECONDITION');
  });
});

describe('a version', () => {
  beforeEach(async () => {
    await create('one');
  });

  it('has the next number, its payload and its checksum', async () => {
    await add('one', 'first');
    await add('one', '123456789');
    expect(await call('GET', '/one/versions/2:access')).toEqual([
      200,
      {
        name: 'projects/100000000001/secrets/one/versions/2',
        payload: { data: Buffer.from('123456789').toString('base64'), dataCrc32c: '3808858755' },
      },
    ]);
    expect(await statusOf('GET', '/one/versions/3:access')).toBe('NOT_FOUND');
  });

  it.each([
    { what: 'right as text', sent: '3808858755', expected: 'OK' },
    { what: 'right as a number', sent: 3808858755, expected: 'OK' },
    { what: 'wrong', sent: '3808858756', expected: 'INVALID_ARGUMENT' },
    { what: 'no number', sent: 'abc', expected: 'INVALID_ARGUMENT' },
  ])('whose checksum is $what is $expected', async ({ sent, expected }) => {
    expect(await statusOf('POST', '/one:addVersion', payload('123456789', sent))).toBe(expected);
  });

  it.each([
    { bytes: 0, expected: 'INVALID_ARGUMENT' },
    { bytes: 64 * 1024, expected: 'OK' },
    { bytes: 64 * 1024 + 1, expected: 'INVALID_ARGUMENT' },
  ])('of $bytes bytes is $expected', async ({ bytes, expected }) => {
    expect(await add('one', 'x'.repeat(bytes))).toBe(expected);
  });

  it('says its state in words, or in numbers when they are asked for', async () => {
    await add('one');
    expect(await field('/one/versions/1', 'state')).toBe('ENABLED');
    expect(await field('/one/versions/1?$alt=json%3Benum-encoding=int', 'state')).toBe(1);
  });

  it('is read only while enabled, and never comes back once destroyed', async () => {
    await add('one');
    await statusOf('POST', '/one/versions/1:disable', {});
    expect(await statusOf('GET', '/one/versions/1:access')).toBe('FAILED_PRECONDITION');
    await statusOf('POST', '/one/versions/1:enable', {});
    expect(await statusOf('GET', '/one/versions/1:access')).toBe('OK');
    await statusOf('POST', '/one/versions/1:destroy', {});
    for (const verb of ['enable', 'disable', 'destroy']) {
      expect(await statusOf('POST', `/one/versions/1:${verb}`, {})).toBe('FAILED_PRECONDITION');
    }
    expect(await statusOf('GET', '/one/versions/1:access')).toBe('FAILED_PRECONDITION');
    expect(await field('/one/versions/1', 'state')).toBe('DESTROYED');
  });

  it('that is the latest is the last one made, whatever became of it', async () => {
    await add('one', 'first');
    await add('one', 'second');
    await statusOf('POST', '/one/versions/2:destroy', {});
    expect(await statusOf('GET', '/one/versions/latest:access')).toBe('FAILED_PRECONDITION');
  });

  it('is found by an alias, which must name a version that exists', async () => {
    await add('one', 'first');
    const alias = (version: number) =>
      statusOf('PATCH', '/one?updateMask=version_aliases', { versionAliases: { live: version } });
    expect(await alias(2)).toBe('FAILED_PRECONDITION');
    expect(await alias(1)).toBe('OK');
    expect(await field('/one/versions/live:access', 'name')).toMatch(/versions\/1$/);
  });

  it('is destroyed later where the secret asks for a delay', async () => {
    await statusOf('PATCH', '/one?updateMask=versionDestroyTtl', { versionDestroyTtl: '86400s' });
    await add('one');
    await statusOf('POST', '/one/versions/1:destroy', {});
    expect(await field('/one/versions/1', 'state')).toBe('DISABLED');
    expect(await field('/one/versions/1', 'scheduledDestroyTime')).toBe('2026-03-10T12:31:00.000Z');
    server.moment.now += 24 * HOUR_MS;
    expect(await field('/one/versions/1', 'state')).toBe('DESTROYED');
  });
});

describe('a list', () => {
  it('comes in pages, newest first', async () => {
    await create('one');
    for (let number = 1; number <= 5; number += 1) await add('one');
    const numbers: string[] = [];
    let token = '';
    let pages = 0;
    do {
      const [, page] = await call('GET', `/one/versions?pageSize=2&pageToken=${token}`);
      const versions = page['versions'] as { name: string }[];
      expect(page['totalSize']).toBe(5);
      numbers.push(...versions.map(({ name }) => name.split('/').at(-1) ?? ''));
      token = (page['nextPageToken'] as string | undefined) ?? '';
      pages += 1;
    } while (token !== '');
    expect(numbers).toEqual(['5', '4', '3', '2', '1']);
    expect(pages).toBe(3);
    expect(await statusOf('GET', '/one/versions?pageToken=abc')).toBe('INVALID_ARGUMENT');
  });

  it.each([
    { filter: 'name:etrade', ids: ['etrade-prod', 'etrade-sandbox'] },
    { filter: 'name=etrade-prod', ids: ['etrade-prod'] },
    { filter: 'labels.env=prod', ids: ['etrade-prod'] },
    { filter: 'labels.env:*', ids: ['etrade-prod', 'etrade-sandbox'] },
    { filter: 'NOT labels.env:*', ids: ['other'] },
    { filter: '-name:etrade', ids: ['other'] },
    { filter: 'name:other OR labels.env=sandbox', ids: ['etrade-sandbox', 'other'] },
    { filter: 'name:etrade AND labels.env=prod', ids: ['etrade-prod'] },
    { filter: 'name:etrade labels.env="prod"', ids: ['etrade-prod'] },
    { filter: 'create_time>2026-03-10', ids: [] },
    { filter: 'annotations.owner:me', ids: ['other'] },
  ])('of secrets is filtered by $filter', async ({ filter, ids }) => {
    await create('etrade-prod', { labels: { env: 'prod' } });
    await create('etrade-sandbox', { labels: { env: 'sandbox' } });
    await create('other', { annotations: { owner: 'me' } });
    const [, page] = await call('GET', `?filter=${encodeURIComponent(filter)}`);
    const secrets = page['secrets'] as { name: string }[];
    expect(secrets.map(({ name }) => name.split('/').at(-1)).sort()).toEqual(ids);
  });

  it.each(['(name:a)', 'name~a', 'colour:red', 'name:', 'state>ENABLED'])(
    'refuses a filter that it does not understand: %s',
    async (filter) => {
      const path = `?filter=${encodeURIComponent(filter)}`;
      expect(await statusOf('GET', path)).toBe('INVALID_ARGUMENT');
    },
  );

  it('of versions is filtered by state', async () => {
    await create('one');
    await add('one');
    await add('one');
    await statusOf('POST', '/one/versions/1:destroy', {});
    const [, page] = await call('GET', '/one/versions?filter=state:enabled');
    expect(page['versions']).toMatchObject([{ state: 'ENABLED' }]);
  });
});

describe('quotas', () => {
  beforeEach(async () => {
    await create('one');
    await create('two');
    await add('one');
    server.standIn.setQuotas(true);
  });

  it('allow two writes a second on one secret, added versions and changes together', async () => {
    expect(await annotate('one', {})).toBe('OK');
    expect(await add('one')).toBe('OK');
    expect(await add('one')).toBe('RESOURCE_EXHAUSTED');
    expect(await add('two')).toBe('OK');
    server.moment.now += 999;
    expect(await add('one')).toBe('RESOURCE_EXHAUSTED');
    server.moment.now += 1;
    expect(await add('one')).toBe('OK');
  });

  it('allow one change of state a second on one version', async () => {
    expect(await statusOf('POST', '/one/versions/1:disable', {})).toBe('OK');
    expect(await statusOf('POST', '/one/versions/1:enable', {})).toBe('RESOURCE_EXHAUSTED');
    server.moment.now += 1_000;
    expect(await statusOf('POST', '/one/versions/1:enable', {})).toBe('OK');
  });

  it('allow 600 reads a minute in a project; reading a payload is not counted there', async () => {
    for (let read = 0; read < 600; read += 1) await server.send('GET', '/one');
    expect(await statusOf('GET', '/two')).toBe('RESOURCE_EXHAUSTED');
    expect(await statusOf('GET', '/one/versions/1:access')).toBe('OK');
    server.moment.now += MINUTE_MS;
    expect(await statusOf('GET', '/two')).toBe('OK');
  });
});

describe('lag', () => {
  beforeEach(async () => {
    await create('one', { annotations: { n: 'old' } });
    await add('one', 'first');
    server.moment.now += 2 * HOUR_MS;
    server.standIn.setLag(HOUR_MS);
    await add('one', 'second');
    await annotate('one', { n: 'new' });
  });

  it('shows old annotations, lists and latest, and the truth by number', async () => {
    expect(await field('/one', 'annotations')).toEqual({ n: 'old' });
    expect((await call('GET', '/one/versions'))[1]['versions']).toHaveLength(1);
    expect(await field('/one/versions/latest:access', 'name')).toMatch(/versions\/1$/);
    expect(await statusOf('GET', '/one/versions/2')).toBe('NOT_FOUND');
    expect(await field('/one/versions/2:access', 'name')).toMatch(/versions\/2$/);
  });

  it('does not soften an etag: a change is judged by the truth', async () => {
    const stale = await field('/one', 'etag');
    expect(await annotate('one', { n: 'newer' }, stale)).toBe('FAILED_PRECONDITION');
  });

  it('is caught up with in time', async () => {
    server.moment.now += HOUR_MS;
    expect(await field('/one', 'annotations')).toEqual({ n: 'new' });
    expect(await field('/one/versions/latest:access', 'name')).toMatch(/versions\/2$/);
  });
});

describe('a denial', () => {
  it('is for a principal, a method and a secret, and can be taken back', async () => {
    await create('one');
    await create('two');
    server.standIn.deny({ principal: 'worker', method: 'getSecret', secret: 'one' });
    const as = (principal: string, path: string) =>
      fetch(`${server.url}/v1/projects/${PROJECT}/secrets${path}`, {
        headers: { authorization: `Bearer ${principal}` },
      }).then(({ status }) => status);
    expect(await as('worker', '/one')).toBe(403);
    expect(await as('worker', '/two')).toBe(200);
    expect(await as('worker', '/one/versions')).toBe(200);
    expect(await as('health-check', '/one')).toBe(200);
    server.standIn.allowAll();
    expect(await as('worker', '/one')).toBe(200);
  });
});

describe('a refusal', () => {
  it('of a permission says which one, in the form that clients parse', async () => {
    server.standIn.deny({ method: 'getSecret' });
    expect((await call('GET', '/one'))[1]).toMatchObject({
      error: {
        code: 403,
        status: 'PERMISSION_DENIED',
        details: [
          {
            '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
            reason: 'IAM_PERMISSION_DENIED',
            metadata: { permission: 'secretmanager.secrets.get' },
          },
        ],
      },
    });
  });
});

describe('a fault', () => {
  beforeEach(async () => {
    await create('one');
  });

  it('is for the calls that it names, after so many, so many times', async () => {
    server.standIn.setFault({ status: 503, method: 'getSecret', after: 1, times: 2 });
    const statuses: string[] = [];
    for (let read = 0; read < 4; read += 1) statuses.push(await statusOf('GET', '/one'));
    expect(statuses).toEqual(['OK', 'UNAVAILABLE', 'UNAVAILABLE', 'OK']);
  });

  it('can lose the answer to what was done', async () => {
    server.standIn.setFault({ dropAnswer: true, times: 1 });
    await expect(server.send('POST', '/one:addVersion', payload('kept'))).rejects.toThrow();
    expect(await statusOf('GET', '/one/versions/1:access')).toBe('OK');
  });

  it('can close the connection before anything is done', async () => {
    server.standIn.setFault({ down: true, times: 1 });
    await expect(server.send('POST', '/one:addVersion', payload('lost'))).rejects.toThrow();
    expect(await statusOf('GET', '/one/versions/1:access')).toBe('NOT_FOUND');
  });

  it('can damage a payload under its old checksum', async () => {
    await add('one');
    const [, sound] = await call('GET', '/one/versions/1:access');
    server.standIn.setFault({ corrupt: true });
    const [, damaged] = await call('GET', '/one/versions/1:access');
    const payloads = [sound, damaged].map((json) => json['payload'] as Json);
    expect(payloads[0]?.['dataCrc32c']).toBe(payloads[1]?.['dataCrc32c']);
    expect(payloads[0]?.['data']).not.toBe(payloads[1]?.['data']);
  });
});

describe('a restart', () => {
  it('goes on with everything there was, and with new etags', async () => {
    let saved: unknown;
    const first = await startSecretManager({
      onChange: (snapshot) => {
        saved = JSON.parse(JSON.stringify(snapshot));
      },
    });
    await first.createSecret('one', { n: '1' });
    await first.send('POST', '/one:addVersion', payload('kept'));
    const before = await (await first.send('GET', '/one')).json();
    await first.close();

    const second = await startSecretManager({ snapshot: saved });
    expect(await (await second.send('GET', '/one')).json()).toEqual(before);
    expect(await (await second.send('GET', '/one/versions/1:access')).json()).toMatchObject({
      payload: { data: Buffer.from('kept').toString('base64') },
    });
    await second.send('PATCH', '/one?updateMask=annotations', { annotations: {} });
    expect(await (await second.send('GET', '/one')).json()).not.toMatchObject({
      etag: (before as Json)['etag'],
    });
    await second.close();
  });

  it('refuses a state that is not one', () => {
    const options = { clock: () => 0, project: PROJECT, snapshot: { secrets: 'none' } };
    expect(() => createSecretManagerStandIn(options)).toThrow();
  });
});

describe('an address', () => {
  it.each([
    ['GET', '/one:addVersion'],
    ['POST', '/one/versions/1:listSecretVersions'],
    ['PUT', '/one'],
    ['GET', '/%'],
    ['POST', '/one/versions/1:add'],
  ])('that no method has is not found: %s %s', async (http, path) => {
    expect(await statusOf(http, path, http === 'GET' ? undefined : {})).toBe('NOT_FOUND');
  });

  it('with a body that is no JSON is refused', async () => {
    const response = await fetch(`${server.url}/v1/projects/${PROJECT}/secrets?secretId=one`, {
      method: 'POST',
      body: '{',
    });
    expect(response.status).toBe(400);
  });
});
