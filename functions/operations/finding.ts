/**
 * What a check has found: one line each for the doctor and for a rehearsal.
 *
 * Pure. Holds no secret. The texts of this system's own errors say what happened, then what to do: they
 * are taken apart here.
 */

import type { BrokerFailure } from '../brokers/broker.ts';
import { CadenceError, StoreError } from '../errors.ts';
import { type Environment, parseSessionKey } from '../lifecycle/session.ts';
import { settingAdvice } from '../lifecycle/setting-advice.ts';
import type { ConfiguredSession } from './system.ts';

export type Finding = {
  /** What was looked at: `store etrade-prod`, `messenger`. */
  readonly check: string;
  /** `problem`: works now and may not tomorrow · `broken`: does not work. */
  readonly verdict: 'ok' | 'problem' | 'broken';
  readonly what: string;
  /** What to do; `null` when all is well. */
  readonly fix: string | null;
};

export function ok(check: string, what: string): Finding {
  return { check, verdict: 'ok', what, fix: null };
}

export function problem(check: string, what: string, fix: string): Finding {
  return { check, verdict: 'problem', what, fix };
}

export function broken(check: string, what: string, fix: string): Finding {
  return { check, verdict: 'broken', what, fix };
}

/** Runs one check; whatever it throws is what it has found. */
export async function look(
  check: string,
  work: () => Promise<Finding | readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    const found = await work();
    return 'check' in found ? [found] : found;
  } catch (error) {
    return [findingOf(check, error)];
  }
}

export function findingOf(check: string, error: unknown): Finding {
  if (!(error instanceof CadenceError)) {
    return broken(check, 'failed in a way that nobody planned for', 'run it with --verbose');
  }
  const [what = '', ...rest] = error.message.split(': ');
  if (rest.length > 0) return broken(check, what, rest.join(': '));
  return broken(check, what, defaultFix(error));
}

function defaultFix(error: CadenceError): string {
  if (error.code === 'STORE_DENIED') {
    return 'give this account the roles of infra/gcp, or set the store’s right passphrase';
  }
  if (error instanceof StoreError && error.code === 'STORE_RECORD_INVALID') {
    return 'see functions/storage/SCHEMA.md; a backup brings the session back';
  }
  return error.retryable
    ? 'see whether this machine has a network and the service is up, then try again'
    : 'see the settings in README.md';
}

export type SessionFacts = {
  readonly title: string;
  /** The variable, or the two, that hold the consumer key. */
  readonly consumerName: string;
  readonly environment: Environment;
};

export function factsOf({ key, broker }: ConfiguredSession): SessionFacts {
  const name = parseSessionKey(key);
  const environment = name?.environment ?? 'prod';
  const shared = `${variable(`${name?.broker ?? ''}-${environment}`)}_CONSUMER`;
  const own = name?.account === null ? '' : `${variable(key)}_CONSUMER" or "`;
  return { title: broker.title, consumerName: `${own}${shared}`, environment };
}

function variable(key: string): string {
  return key.toUpperCase().replaceAll('-', '_');
}

/** What a broker's refusal means for whoever runs the service. */
export function brokerFinding(check: string, failure: BrokerFailure, facts: SessionFacts): Finding {
  const { title, consumerName, environment } = facts;
  switch (failure.reason) {
    case 'configuration': {
      const known = settingAdvice(failure.problem);
      if (known !== null) {
        return broken(check, `${title} ${known.what} (${failure.problem})`, known.advice);
      }
      return broken(
        check,
        `${title} refuses the consumer key (${failure.problem})`,
        `check "${consumerName}": key and secret of the ${environment} application, neither disabled nor older than two years`,
      );
    }
    case 'clock':
      return broken(
        check,
        `${title} refuses this machine’s clock (${failure.problem})`,
        'set the clock, and let it follow a time server',
      );
    case 'transient':
      return broken(
        check,
        failure.answered
          ? `${title} is in trouble (${failure.problem})`
          : `${title} does not answer (${failure.problem})`,
        failure.answered
          ? 'wait: keep-alive tries again by itself'
          : 'see whether this machine reaches it: network, proxy, firewall',
      );
    case 'renewable':
      return problem(
        check,
        `${title} wants the token renewed (${failure.problem})`,
        'run "token-cadence renew"; keep-alive does it by itself',
      );
    case 'sign-in-needed':
      return broken(
        check,
        `${title} refuses the token (${failure.problem})`,
        'sign in: run "token-cadence start", or press the button in Telegram',
      );
  }
}
