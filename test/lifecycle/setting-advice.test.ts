/** A refusal that names more than "key or settings" is told with what to correct, wherever it is told. */

import { describe, expect, it } from 'vitest';
import type { BrokerFailure } from '../../functions/brokers/broker.ts';
import { failureText } from '../../functions/cli/failure-text.ts';
import { outcomeWords } from '../../functions/http/pages/texts.ts';
import { brokerFinding } from '../../functions/operations/finding.ts';
import { createFailures } from '../../functions/worker/failures.ts';
import { sessionKey } from '../fixtures/records.ts';

const KEY = sessionKey('schwab-prod');
const TITLE = 'Charles Schwab';

function refusal(problem: string): BrokerFailure {
  return {
    ok: false,
    reason: 'configuration',
    problem,
    answered: true,
    status: 401,
    retryAfterMs: null,
    skewMs: null,
  };
}

describe.each([
  [
    'NoApiProductMatchFound',
    'the API products "Accounts and Trading Production" and "Market Data Production"',
    'developer portal',
  ],
  [
    'refresh-token-missing',
    'no refresh token that can be used',
    'at TradeStation: the scope offline_access',
  ],
])('%s names what is missing and where it is switched on', (problem, ...needed) => {
  const failure = refusal(problem);
  const places: readonly (readonly [string, () => string])[] = [
    ['the command line', () => failureText(TITLE, KEY, failure).join(' ')],
    [
      'the doctor',
      () =>
        JSON.stringify(
          brokerFinding('broker', failure, {
            title: TITLE,
            consumerName: 'SCHWAB_PROD_CONSUMER',
            environment: 'prod',
          }),
        ).replaceAll('\\"', '"'),
    ],
    [
      'the page',
      () => {
        const { text, detail } = outcomeWords(
          { word: 'exchange-failed', ...failure },
          TITLE,
          String,
        );
        return `${text} ${detail}`;
      },
    ],
  ];
  it.each(places)('on %s', (_place, read) => {
    const text = read();
    for (const words of needed) expect(text).toContain(words);
    expect(text).toContain(problem);
    expect(text.toLowerCase()).not.toContain('check the consumer key');
    expect(text).not.toContain('refuses');
  });
});

it('a worker is told which product its app lacks', () => {
  const failures = createFailures({
    session: KEY,
    title: TITLE,
    signInUrl: null,
    consumerSource: 'schwab-prod-consumer',
  });
  const error = failures.ofBroker(refusal('NoApiProductMatchFound'), true);
  expect(error).toMatchObject({ code: 'CONFIGURATION' });
  expect(error.message).toContain('add the API products "Accounts and Trading Production"');
  expect(error.message).toContain('developer portal');
});
