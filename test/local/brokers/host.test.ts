/**
 * The simulators of a local run on one server: who is reached where, whose switch is whose, what stays.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { BROKERS } from '../../../functions/brokers/registry.ts';
import { SIMULATORS } from '../../../infra/local/brokers/table.ts';
import { type BrokerHost, openBrokerHost } from '../../../infra/local/runner/brokers.ts';

const SESSIONS = ['etrade-sandbox', 'schwab-prod'];
const CONSUMERS = {
  'etrade-sandbox': { key: 'etrade-key', secret: 'etrade-secret' },
  'schwab-prod': { key: 'schwab-key', secret: 'schwab-secret' },
};

async function host(snapshotFile = temporaryFile()): Promise<BrokerHost> {
  const opened = await openBrokerHost({
    clock: () => Date.parse('2026-03-09T13:05:00Z'),
    port: 0,
    sessions: SESSIONS,
    consumers: CONSUMERS,
    snapshotFile,
    publicUrl: 'https://app.example',
  });
  onTestFinished(() => opened.server.close());
  return opened;
}

function temporaryFile(): string {
  const directory = mkdtempSync(join(tmpdir(), 'brokers-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return join(directory, 'brokers.json');
}

function loginPage({ variables }: BrokerHost, redirect = 'https://app.example/callback/schwab') {
  const query = { response_type: 'code', client_id: 'schwab-key', redirect_uri: redirect };
  const page = variables['SCHWAB_PROD_AUTHORIZE_URL'] ?? '';
  return fetch(`${page}?${new URLSearchParams({ ...query, state: 's' })}`);
}

test('every registered broker has a simulator, in the same environments', async () => {
  const { variables } = await host();
  expect(SIMULATORS.map(({ name }) => name).sort()).toEqual(Object.keys(BROKERS).sort());
  for (const { name, defaults } of Object.values(BROKERS)) {
    for (const environment of ['sandbox', 'prod'] as const) {
      const prefix = `${name}_${environment}`.toUpperCase();
      const expected = defaults[environment] === undefined ? 'undefined' : 'string';
      for (const what of ['OAUTH', 'API', 'AUTHORIZE']) {
        expect(typeof variables[`${prefix}_${what}_URL`], `${prefix}_${what}_URL`).toBe(expected);
      }
    }
  }
});

test('what is nobody’s is told where the simulators are', async () => {
  const { server } = await host();
  const response = await fetch(`${server.url}/nobody/x`);
  expect(response.status).toBe(404);
  expect(await response.text()).toContain('/tradestation/…');
});

test('the callback of the public address is registered with every key, and no other', async () => {
  const running = await host();
  expect((await loginPage(running)).status).toBe(200);
  expect((await loginPage(running, 'https://evil.example/callback/schwab')).status).toBe(400);
});

test('approves for the session whose login is open', async () => {
  const running = await host();
  expect(running.approve('schwab-prod')).toBeNull();
  await (await loginPage(running)).arrayBuffer();
  expect(running.approve('etrade-sandbox')).toBeNull();
  expect(running.approve('unknown-prod')).toBeNull();
  expect(running.approve('schwab-prod')).toHaveProperty('redirect');
  expect(running.stats('schwab').calls).toEqual({ authorize: { 200: 1 } });
  expect(running.stats('etrade').calls).toEqual({});
  expect(running.stats().calls).toEqual({ authorize: { 200: 1 } });
});

test('a bare switch is for every broker with a session that has it, a named one for one', async () => {
  const running = await host();
  running.setSwitches({ status: 503 });
  expect((await loginPage(running)).status).toBe(503);
  running.setSwitches({ 'etrade.status': 503, 'tradestation.rotation': true });
  expect((await loginPage(running)).status).toBe(200);
  running.setSwitches({ 'schwab.status': 502 });
  expect((await loginPage(running)).status).toBe(502);
  running.setSwitches({});
  expect((await loginPage(running)).status).toBe(200);
});

test.each([
  [{ unheardOf: true }, /There is no switch "unheardOf"/],
  [{ 'schwab.unheardOf': true }, /There is no switch "unheardOf"/],
  [{ 'nobody.status': 500 }, /There is no broker "nobody"/],
  [{ 'schwab.rotation': 'often' }, /cannot be "often"/],
])('%o is refused as a whole', async (switches, message) => {
  const running = await host();
  running.setSwitches({ 'schwab.status': 502 });
  expect(() => running.setSwitches({ 'schwab.down': true, ...switches })).toThrow(message);
  expect((await loginPage(running)).status).toBe(502);
});

test('keeps what each broker remembers across a restart', async () => {
  const file = temporaryFile();
  const running = await host(file);
  await (await loginPage(running)).arrayBuffer();
  await running.server.close();
  expect(Object.keys(JSON.parse(readFileSync(file, 'utf8')))).toEqual(['schwab']);
  expect((await host(file)).approve('schwab-prod')).toHaveProperty('redirect');
});
