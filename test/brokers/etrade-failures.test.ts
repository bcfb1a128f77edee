import { describe, expect, test } from 'vitest';
import type { FailureClass } from '../../functions/brokers/broker.ts';
import {
  type EtradeStep,
  findOauthProblem,
  judgeRefusal,
} from '../../functions/brokers/etrade-failures.ts';
import type { Received } from '../../functions/brokers/send.ts';
import { ANSWERED_AT, etradeBody, received } from '../fixtures/etrade-answer.ts';

describe('the problem is found in', () => {
  test.each([
    ['signature-invalid-2018.html.txt', 'signature_invalid'],
    ['token-rejected-2021.html.txt', 'token_rejected'],
    ['consumer-key-rejected-2021.html.txt', 'consumer_key_rejected'],
    ['callback-rejected-2021.html.txt', 'callback_rejected'],
    ['timestamp-refused-2021.html.txt', 'timestamp_refused'],
    ['token-expired.json', 'token_expired'],
    ['token-rejected.json', 'token_rejected'],
    ['token-expired.xml', 'token_expired'],
  ])('%s', (file, problem) => {
    expect(findOauthProblem(received(401, etradeBody(file)))).toBe(problem);
  });

  test.each([
    ['a header alone', 'OAuth realm="https://etws.etrade.com", oauth_problem="token_expired"', ''],
    ['JSON with quotes', '', '{"m":"oauth_problem=\\"token_expired\\""}'],
    ['escaped HTML', '', '<p>oauth_problem=&quot;token_expired&quot;</p>'],
    ['a form', '', 'oauth_problem=token_expired&oauth_problem_advice=x'],
    ['upper case', '', 'OAUTH_PROBLEM=TOKEN_EXPIRED'],
  ])('%s', (_where, challenge, body) => {
    expect(findOauthProblem({ challenge, body })).toBe('token_expired');
  });

  test('nothing where there is none', () => {
    expect(findOauthProblem({ challenge: 'Basic realm="x"', body: 'problem=token' })).toBeNull();
  });
});

describe('oauth problems by call', () => {
  type Row = readonly [
    problem: string,
    begin: FailureClass,
    complete: FailureClass,
    renew: FailureClass,
    probe: FailureClass,
    revoke: FailureClass,
  ];
  const config = [
    'configuration',
    'configuration',
    'configuration',
    'configuration',
    'configuration',
  ] as const;
  const signIn = [
    'sign-in-needed',
    'sign-in-needed',
    'sign-in-needed',
    'sign-in-needed',
    'sign-in-needed',
  ] as const;
  const clock = ['clock', 'clock', 'clock', 'clock', 'clock'] as const;
  const transient = ['transient', 'transient', 'transient', 'transient', 'transient'] as const;
  const token = [
    'configuration',
    'sign-in-needed',
    'sign-in-needed',
    'renewable',
    'sign-in-needed',
  ] as const;
  const rows: readonly Row[] = [
    ['token_rejected', ...token],
    ['token_expired', ...token],
    ['token_used', ...token],
    ['token_not_authorized', ...token],
    ['token_revoked', ...signIn],
    ['permission_denied', ...signIn],
    ['user_refused', ...signIn],
    ['additional_authorization_required', ...signIn],
    ['consumer_key_rejected', ...config],
    ['consumer_key_unknown', ...config],
    ['consumer_key_refused', ...config],
    ['signature_invalid', ...config],
    ['signature_method_rejected', ...config],
    ['callback_rejected', ...config],
    ['parameter_absent', ...config],
    ['parameter_rejected', ...config],
    ['version_rejected', ...config],
    ['timestamp_refused', ...clock],
    ['nonce_used', ...transient],
  ];
  const steps: readonly EtradeStep[] = ['begin', 'complete', 'renew', 'probe', 'revoke'];
  const cases = rows.flatMap(([problem, ...classes]) =>
    steps.map((step, index) => ({ problem, step, reason: classes[index] })),
  );

  test.each(cases)('$problem at $step is $reason', ({ problem, step, reason }) => {
    for (const status of [400, 401, 503]) {
      expect(judgeRefusal(step, received(status, `x oauth_problem=${problem},more=1 y`))).toEqual({
        ok: false,
        reason,
        problem,
        answered: true,
        status,
        retryAfterMs: null,
        skewMs: null,
      });
    }
  });

  test.each([
    [401, 'probe', 'renewable'],
    [401, 'complete', 'sign-in-needed'],
    [400, 'begin', 'transient'],
    [503, 'probe', 'transient'],
  ] as const)(
    'an unknown word falls back to the status: %i at %s is %s',
    (status, step, reason) => {
      expect(judgeRefusal(step, received(status, 'oauth_problem=moon_phase'))).toMatchObject({
        reason,
        problem: 'moon_phase',
      });
    },
  );
});

describe('answers without an oauth problem', () => {
  const html = '<html><body>no</body></html>';
  const cases: readonly {
    name: string;
    step: EtradeStep;
    answer: Received;
    reason: FailureClass;
    problem: string;
  }[] = [
    {
      name: 'bare 401 at the probe',
      step: 'probe',
      answer: received(401, ''),
      reason: 'renewable',
      problem: 'http-401',
    },
    {
      name: 'a page of its own without a problem, 401 at complete',
      step: 'complete',
      answer: received(401, '<html><title>HTTP Status 401 – Unauthorized</title></html>'),
      reason: 'sign-in-needed',
      problem: 'http-401',
    },
    {
      name: 'somebody else’s page, 401 at complete',
      step: 'complete',
      answer: received(401, html),
      reason: 'transient',
      problem: 'page-instead-of-answer',
    },
    {
      name: 'bare 401 at renew',
      step: 'renew',
      answer: received(401, ''),
      reason: 'sign-in-needed',
      problem: 'http-401',
    },
    {
      name: 'bare 401 at begin',
      step: 'begin',
      answer: received(401, ''),
      reason: 'configuration',
      problem: 'http-401',
    },
    {
      name: 'rate limit as 400 HTML',
      step: 'probe',
      answer: received(400, etradeBody('rate-limit.html.txt')),
      reason: 'transient',
      problem: 'rate-limited',
    },
    {
      name: 'rate limit as 400 JSON',
      step: 'probe',
      answer: received(
        400,
        '{"Error":{"message":"Number of requests exceeded the rate limit set"}}',
      ),
      reason: 'transient',
      problem: 'rate-limited',
    },
    {
      name: '400 HTML of other words',
      step: 'begin',
      answer: received(400, html),
      reason: 'transient',
      problem: 'page-instead-of-answer',
    },
    {
      name: '400 that is no page',
      step: 'begin',
      answer: received(400, 'There is issue with input'),
      reason: 'configuration',
      problem: 'http-400',
    },
    {
      name: '429',
      step: 'renew',
      answer: received(429, ''),
      reason: 'transient',
      problem: 'rate-limited',
    },
    {
      name: '500 HTML',
      step: 'complete',
      answer: received(500, etradeBody('internal-error.html.txt')),
      reason: 'transient',
      problem: 'http-500',
    },
    {
      name: '503 empty',
      step: 'revoke',
      answer: received(503, ''),
      reason: 'transient',
      problem: 'http-503',
    },
    {
      name: 'code 100 with 500',
      step: 'probe',
      answer: received(500, etradeBody('service-unavailable.json')),
      reason: 'transient',
      problem: 'error-100',
    },
    {
      name: 'code 100 with 400',
      step: 'probe',
      answer: received(400, etradeBody('service-unavailable.json')),
      reason: 'transient',
      problem: 'error-100',
    },
    {
      name: 'maintenance, code 670 in XML',
      step: 'probe',
      answer: received(500, etradeBody('maintenance.xml')),
      reason: 'transient',
      problem: 'error-670',
    },
    {
      name: 'a business error',
      step: 'probe',
      answer: received(400, etradeBody('business-error.xml')),
      reason: 'configuration',
      problem: 'error-102',
    },
    {
      name: 'a redirect',
      step: 'probe',
      answer: received(302, ''),
      reason: 'transient',
      problem: 'http-302',
    },
    {
      name: '403',
      step: 'begin',
      answer: received(403, html),
      reason: 'transient',
      problem: 'page-instead-of-answer',
    },
    {
      name: '404 of a router',
      step: 'renew',
      answer: received(404, html),
      reason: 'transient',
      problem: 'page-instead-of-answer',
    },
    {
      name: '404 of its own server, a wrong address',
      step: 'probe',
      answer: received(404, '<html><h1>HTTP Status 404 – Not Found</h1></html>'),
      reason: 'configuration',
      problem: 'http-404',
    },
    {
      name: 'a cut 401, whose reason may be in the lost part',
      step: 'probe',
      answer: received(401, '<html><bo', { complete: false }),
      reason: 'transient',
      problem: 'answer-unreadable',
    },
    {
      name: 'a cut 401 whose reason came through',
      step: 'probe',
      answer: received(401, 'oauth_problem=token_rejected</p', { complete: false }),
      reason: 'renewable',
      problem: 'token_rejected',
    },
    {
      name: 'a cut 500',
      step: 'probe',
      answer: received(500, '<html><bo', { complete: false }),
      reason: 'transient',
      problem: 'http-500',
    },
    {
      name: '200 with something else',
      step: 'probe',
      answer: received(200, html),
      reason: 'transient',
      problem: 'answer-unreadable',
    },
  ];

  test.each(cases)('$name is $reason ($problem)', ({ step, answer, reason, problem }) => {
    expect(judgeRefusal(step, answer)).toMatchObject({
      reason,
      problem,
      answered: true,
      status: answer.status,
    });
  });
});

describe('the clock', () => {
  const refused = etradeBody('timestamp-refused-2021.html.txt');

  test('is compared by the Date header where there is one', () => {
    expect(judgeRefusal('begin', received(400, refused, { skewMs: -420_000 }))).toMatchObject({
      reason: 'clock',
      skewMs: -420_000,
    });
  });

  test('is compared by the middle of the accepted window otherwise', () => {
    const middle = (1_773_061_100 + 1_773_064_700) / 2;
    expect(judgeRefusal('begin', received(400, refused))).toMatchObject({
      skewMs: middle * 1_000 - ANSWERED_AT,
    });
  });

  test('stays unknown when the window is cut short, as it was once reported', () => {
    const cut = 'oauth_problem=timestamp_refused,oauth_acceptable_timestamps=1636665132-16366687';
    expect(judgeRefusal('begin', received(400, cut))).toMatchObject({
      reason: 'clock',
      skewMs: null,
    });
  });
});

test('a problem is a short safe word, whatever the body says', () => {
  const bodies = [
    'oauth_problem=<script>alert(1)</script>',
    `oauth_problem=${'a'.repeat(500)}`,
    '{"Error":{"code":"<b>","message":"PIN H92GX refused"}}',
    'oauth_problem=token_rejected H92GX',
  ];
  for (const body of bodies) {
    for (const status of [200, 301, 400, 401, 418, 500]) {
      expect(judgeRefusal('complete', received(status, body)).problem).toMatch(
        /^[a-z0-9_-]{1,60}$/,
      );
    }
  }
});
