/**
 * The phone in the whole local run: the scheduled alert, Upstox's own page of prompts, the hook through the
 * gateway, and a worker on the new token.
 */

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type RunningSystem, startRunningSystem } from '../fixtures/local-system.ts';

const PATIENCE = { timeout: 10_000 };

describe('Upstox in the local run', () => {
  let running: RunningSystem;

  beforeAll(async () => {
    running = await startRunningSystem({
      sessions: ['upstox-prod'],
      env: { UPSTOX_PROD_APPROVAL: 'push' },
      startAt: '2026-03-10T08:10:00+05:30',
    });
  });
  afterAll(() => running.stop());

  async function promptOnPhone(): Promise<string | null> {
    const page = await (await fetch(`${running.system.urls.brokers}/upstox/phone`)).text();
    return /name="request" value="([^"]+)"/.exec(page)?.[1] ?? null;
  }

  it('brings a token with one tap in the app and nothing typed', async () => {
    expect(await promptOnPhone()).toBeNull();
    await running.control.moveTo(Date.parse('2026-03-10T08:16:00+05:30'));
    const { messages } = await running.control.overview();
    expect(messages.map(({ text }) => text).join()).toContain('Approve it in the Upstox app');
    const request = await promptOnPhone();
    expect(request).not.toBeNull();
    await fetch(`${running.system.urls.brokers}/upstox/phone`, {
      method: 'POST',
      body: new URLSearchParams({ request: request ?? '', decision: 'Approve' }),
    });
    await vi.waitFor(async () => {
      expect(await running.session()).toMatchObject({ state: 'active', generation: 1 });
      const { workers } = await running.control.overview();
      expect(workers.map(({ generation }) => generation)).toContain(1);
    }, PATIENCE);
    const after = await running.control.overview();
    expect(after.messages.at(-1)?.text).toContain('✅');
    expect(after.events).toHaveLength(1);
    expect(running.lines.join('\n')).not.toMatch(/hooks\/upstox-prod\/[\w-]{43}/);
  });
});
