/**
 * How often Secret Manager lets itself be called, counted on the virtual clock.
 *
 * Those by the second imply Google's by the minute (2 a second are 120 a minute). A refused call does not
 * count. Used by the stand-in before anything is done.
 *
 * @see https://docs.cloud.google.com/secret-manager/quotas
 */

import { Refusal } from './refusal.ts';
import { type Call, kindOf } from './routes.ts';

type Limit = { readonly key: string; readonly windowMs: number; readonly calls: number };

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

const PER_PROJECT: Readonly<Record<'access' | 'read' | 'write', Limit>> = {
  access: { key: 'access-requests', windowMs: MINUTE_MS, calls: 90_000 },
  read: { key: 'read-requests', windowMs: MINUTE_MS, calls: 600 },
  write: { key: 'write-requests', windowMs: MINUTE_MS, calls: 600 },
};

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
        const metric = spent.key.split(' ')[0] ?? '';
        throw new Refusal(
          'RESOURCE_EXHAUSTED',
          `Quota exceeded for quota metric "${metric}" (${spent.calls} per ${spent.windowMs / SECOND_MS} s).`,
          { reason: 'RATE_LIMIT_EXCEEDED', metadata: { quota_metric: metric } },
        );
      }
      for (const limit of limits) recent(limit, now).push(now);
    },
  };
}

function limitsOf(call: Call): readonly Limit[] {
  const { method, secret, version } = call;
  const kind = kindOf(method);
  const perProject = PER_PROJECT[kind];
  if (method === 'addSecretVersion' || method === 'updateSecret') {
    return [perProject, { key: `secret-writes ${secret}`, windowMs: SECOND_MS, calls: 2 }];
  }
  if (version !== '' && kind === 'write') {
    const key = `version-writes ${secret}/${version}`;
    return [perProject, { key, windowMs: SECOND_MS, calls: 1 }];
  }
  return [perProject];
}
