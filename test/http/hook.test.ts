/** The address of a hook, and what the route makes of each result. */

import { describe, expect, it } from 'vitest';
import type { ApprovalPush } from '../../functions/brokers/broker.ts';
import { createHooks } from '../../functions/http/hook.ts';
import type { TakeResult } from '../../functions/operations/take-approval.ts';
import { Secret } from '../../functions/secret.ts';
import { createFrontDoor, PROD, PUBLIC_URL, SANDBOX } from '../fixtures/front-door.ts';

const hooksOf = (key: string) => createHooks({ key: new Secret(key), publicUrl: PUBLIC_URL });
const secretOf = (address: string) => address.split('/').at(-1) ?? '';

describe('the address of a hook', () => {
  const hooks = hooksOf('one link key of many characters');

  it('is of the session, and opens with its own secret only', () => {
    const address = hooks.address(SANDBOX);
    expect(address).toMatch(/^https:\/\/pin\.example\.com\/hooks\/etrade-sandbox\/[\w-]{43}$/);
    const secret = secretOf(address);
    expect(hooks.opens(SANDBOX, secret)).toBe(true);
    expect(hooks.opens(PROD, secret)).toBe(false);
    expect(hooks.opens(SANDBOX, secretOf(hooks.address(PROD)))).toBe(false);
    for (const wrong of ['', secret.slice(1), `${secret}=`, secret.toLowerCase()]) {
      expect(hooks.opens(SANDBOX, wrong), wrong).toBe(false);
    }
  });

  it('stays while the link key stays, and ends with it', () => {
    const same = hooksOf('one link key of many characters');
    expect(same.address(SANDBOX)).toBe(hooks.address(SANDBOX));
    expect(hooksOf('another link key').opens(SANDBOX, secretOf(hooks.address(SANDBOX)))).toBe(
      false,
    );
  });
});

describe('the route of a hook', () => {
  const push: ApprovalPush = {
    request: () => Promise.reject(new Error('nobody asks here')),
    readNotice: () => ({ ok: false, reason: 'unreadable' }),
  };
  const door = createFrontDoor({ approval: push });
  const path = new URL(door.wiring.hooks.address(SANDBOX)).pathname;

  it.each<[TakeResult, number]>([
    [{ ok: true, type: 'taken' }, 200],
    [{ ok: true, type: 'duplicate' }, 200],
    [{ ok: false, reason: 'token-refused', again: false }, 400],
    [{ ok: false, reason: 'expired', again: false }, 400],
    [{ ok: false, reason: 'store-unavailable', again: true }, 503],
    [{ ok: false, reason: 'in-progress', again: true }, 503],
  ])('answers %j with %i, and no reason', async (result, status) => {
    door.answers.taken = result;
    const answer = await door.request(path, { method: 'POST', body: '{"a":1}' });
    expect(answer.status).toBe(status);
    expect(door.asked.at(-1)).toEqual({
      operation: 'take-approval',
      facts: { session: SANDBOX, body: '{"a":1}' },
    });
    const text = await answer.text();
    if (!result.ok) expect(text).not.toContain(result.reason);
  });

  it('does not exist for a session whose broker asks nobody', async () => {
    const plain = createFrontDoor();
    const answer = await plain.request(path, { method: 'POST', body: '{}' });
    const nowhere = await plain.request('/nowhere', { method: 'POST' });
    expect([answer.status, await answer.text()]).toEqual([404, await nowhere.text()]);
    expect(plain.asked).toEqual([]);
  });
});
