/**
 * How often Secret Manager lets itself be called, counted on the virtual clock.
 *
 * A refused call does not count. Used by the stand-in before anything is done.
 *
 * @see https://docs.cloud.google.com/secret-manager/quotas
 */

import { Refusal } from './refusal.ts';
import { type Call, kindOf } from './routes.ts';

type Limit = { readonly key: string; readonly windowMs: number; readonly calls: number };

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

export type Quotas = {
  /** @throws {Refusal} RESOURCE_EXHAUSTED */
  admit(call: Call): void;
};

export function createQuotas(clock: () => number): Quotas {
  const admitted = new Map<string, number[]>();

  /** Moments within the window; older ones are forgotten. */
  function recent({ key, windowMs }: Limit, now: number): number[] {
    const kept = (admitted.get(key) ?? []).filter((at) => at > now - windowMs);
    admitted.set(key, kept);
    return kept;
  }

  return {
    admit(call) {
      const now = clock();
      const limits = limitsOf(call);
      const spent = limits.find((limit) => recent(limit, now).length >= limit.calls);
      if (spent !== undefined) {
        throw new Refusal(
          'RESOURCE_EXHAUSTED',
          `Quota exceeded for quota metric "${spent.key.split(' ')[0]}" (${spent.calls} per ${spent.windowMs / SECOND_MS} s).`,
        );
      }
      for (const limit of limits) recent(limit, now).push(now);
    },
  };
}

function limitsOf(call: Call): readonly Limit[] {
  const { method } = call;
  const perProject = {
    access: { key: 'access-requests', windowMs: MINUTE_MS, calls: 90_000 },
    read: { key: 'read-requests', windowMs: MINUTE_MS, calls: 600 },
    write: { key: 'write-requests', windowMs: MINUTE_MS, calls: 600 },
  }[kindOf(method)];
  if (method === 'addSecretVersion' || method === 'updateSecret') {
    return [perProject, ...perResource(`secret-writes ${call.secret}`, 2)];
  }
  if (method.endsWith('SecretVersion') && kindOf(method) === 'write') {
    return [perProject, ...perResource(`version-writes ${call.secret}/${call.version}`, 1)];
  }
  return [perProject];
}

/** So many a second, and sixty times that a minute. */
function perResource(name: string, calls: number): readonly Limit[] {
  return [
    { key: `${name} s`, windowMs: SECOND_MS, calls },
    { key: `${name} min`, windowMs: MINUTE_MS, calls: calls * 60 },
  ];
}
