import { describe, expect, test } from 'vitest';
import {
  decodeForm,
  judgeAccountList,
  judgeDone,
  judgeTokenPair,
} from '../../functions/brokers/etrade-answers.ts';
import { etradeBody, received } from '../fixtures/etrade-answer.ts';

const ACCOUNT_XML = `<Account><accountId>823145980</accountId><accountIdKey>x</accountIdKey></Account>
  <!-- <Account><accountId>1</accountId></Account> --><Account mode="IRA"><accountId>
  583156360</accountId></Account>`;

function xml(...inside: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<AccountListResponse xmlns="x">${inside.join('')}</AccountListResponse>`;
}

/** The list in JSON around entries, or around JSON text of entries. */
function list(entries: unknown): string {
  const text = typeof entries === 'string' ? entries : JSON.stringify(entries);
  return `{"AccountListResponse":{"Accounts":{"Account":${text}}}}`;
}

const UNREADABLE = {
  ok: false,
  reason: 'transient',
  problem: 'answer-unreadable',
  answered: true,
};

describe('a token pair', () => {
  test.each([
    {
      file: 'request-token.txt',
      step: 'begin',
      token: '/iQRgQCRGPo7Xdk6G8QDSEzX0Jsy6sKNcULcDavAGgU=',
      secret: '/rC9scEpzcwSEMy4vE7nodSzPLqfRINnTNY4voczyFM=',
    },
    {
      file: 'access-token.txt',
      step: 'complete',
      token: 'VbiNYl63EejjlKdQM6FeENzcnrLACrZ2JYD6NQROfVI=',
      secret: 'XCF9RzyQr4UEPloA+WlC06BnTfYC1P0Fwr3GUw/B0Es=',
    },
  ] as const)('is decoded exactly once: $file', ({ file, step, token, secret }) => {
    const judged = judgeTokenPair(step, received(200, etradeBody(file)));
    expect(judged).toMatchObject({ ok: true, token });
    expect(judged.ok && judged.secret.reveal()).toBe(secret);
  });

  test('keeps its secret out of JSON', () => {
    const judged = judgeTokenPair('complete', received(200, etradeBody('access-token.txt')));
    expect(JSON.stringify(judged)).not.toContain('XCF9RzyQr4UEPloA');
  });

  test('does not care whether a callback is confirmed', () => {
    for (const end of ['&oauth_callback_confirmed=false', '', '\r\n']) {
      expect(
        judgeTokenPair('begin', received(200, `oauth_token=a&oauth_token_secret=b${end}`)).ok,
      ).toBe(true);
    }
  });

  test.each([
    ['nothing', ''],
    ['a page', '<html><body>Maintenance</body></html>'],
    ['a token without its secret', 'oauth_token=a'],
    ['a secret without its token', 'oauth_token_secret=b'],
    ['an empty token', 'oauth_token=&oauth_token_secret=b'],
    ['a token with a space', 'oauth_token=a%20b&oauth_token_secret=b'],
    ['a token with a line break', 'oauth_token=a%0Ab&oauth_token_secret=b'],
    ['two tokens', 'oauth_token=a&oauth_token=b&oauth_token_secret=c'],
    ['bytes that are no text', 'oauth_token=%ff%fe&oauth_token_secret=b'],
    ['an over-long token', `oauth_token=${'a'.repeat(513)}&oauth_token_secret=b`],
  ])('is unreadable in %s', (_name, body) => {
    expect(judgeTokenPair('complete', received(200, body))).toMatchObject(UNREADABLE);
  });

  test('is unreadable when the answer was cut, even if it parses', () => {
    const cut = received(200, 'oauth_token=abc&oauth_token_secret=de', { complete: false });
    expect(judgeTokenPair('complete', cut)).toMatchObject(UNREADABLE);
  });

  test('is read where the documentation’s own answer is malformed: once, what is no escape stays', () => {
    const body = etradeBody('access-token-documented-malformed.txt');
    expect(body).toContain('oauth_token=%3T');
    const judged = judgeTokenPair('complete', received(200, body));
    if (!judged.ok) throw new Error(judged.problem);
    const [token, secret] = body
      .trim()
      .split('&')
      .map((pair) =>
        pair
          .slice(pair.indexOf('=') + 1)
          .replaceAll('%3D', '=')
          .replaceAll('%2F', '/'),
      );
    expect([judged.token, judged.secret.reveal()]).toEqual([token, secret]);
  });

  test.each([
    ['another success', 201, 'oauth_token=a&oauth_token_secret=b'],
    ['blanks around', 200, ' oauth_token=a%0A&oauth_token_secret=b%20\n'],
    ['something malformed beside it', 200, 'x=%&oauth_token=a&oauth_token_secret=b&x=%ff'],
    ['a field twice beside it', 200, 'oauth_token=a&x=1&oauth_token_secret=b&x=2'],
  ])('is not lost for %s', (_name, status, body) => {
    const judged = judgeTokenPair('complete', received(status, body));
    expect(judged).toMatchObject({ ok: true, token: 'a' });
    expect(judged.ok && judged.secret.reveal()).toBe('b');
  });

  test('is refused with the broker’s word, also in a 200', () => {
    for (const status of [200, 401]) {
      expect(
        judgeTokenPair('complete', received(status, etradeBody('token-rejected-2021.html.txt'))),
      ).toMatchObject({ reason: 'sign-in-needed', problem: 'token_rejected' });
    }
  });
});

describe('decodeForm', () => {
  test.each([
    ['a=%2B', [['a', '+']]],
    ['a=%252B', [['a', '%2B']]],
    ['a=x+y=', [['a', 'x+y=']]],
    ['a', [['a', '']]],
    ['a=%3T%2B', [['a', '%3T+']]],
    ['a=%', [['a', '%']]],
  ] as const)('%s', (body, entries) => {
    expect([...(decodeForm(body) ?? [])]).toEqual(entries);
  });

  test('gives up on a name that occurs twice', () => {
    expect(decodeForm('a=1&a=1')).toBeNull();
    expect(decodeForm('b=1&a=1&b=2', new Set(['a']))).toEqual(new Map([['a', '1']]));
  });
});

describe('renew and revoke', () => {
  test.each([
    ['renew', 'renewed.txt'],
    ['revoke', 'revoked.txt'],
  ] as const)('%s is done with its line of text', (step, file) => {
    expect(judgeDone(step, received(200, etradeBody(file)))).toEqual({ ok: true });
  });

  test.each([
    ['renew', 'The access token has been renewed.'],
    ['renew', 'access token renewed\n'],
    ['renew', 'Access token was reactivated'],
    ['renew', 'Renewed.'],
    ['renew', '"Access Token is already renewed"'],
    ['revoke', 'The access token was already revoked.'],
    ['revoke', 'Revoked'],
    ['revoke', 'Access token has been revoked'],
  ] as const)('%s is done in other words, too: %s', (step, text) => {
    expect(judgeDone(step, received(200, text))).toEqual({ ok: true });
  });

  test.each([
    '',
    'OK',
    'Access Token could not be renewed',
    'Access Token has not been renewed',
    'Revoked Access Token',
    '{"message":"renewed"}',
    '<p>Access Token has been renewed</p>',
  ])('a renewal is not done by %j', (text) => {
    expect(judgeDone('renew', received(200, text))).toMatchObject(UNREADABLE);
  });

  test.each([
    ['a page', received(200, etradeBody('internal-error.html.txt'))],
    ['a cut answer', received(200, 'Access Tok', { complete: false })],
    ['204', received(204, '')],
  ])('%s is unreadable', (_name, answer) => {
    expect(judgeDone('renew', answer)).toMatchObject(UNREADABLE);
  });

  test('a refused token needs a sign-in', () => {
    expect(
      judgeDone('renew', received(401, etradeBody('token-rejected-2021.html.txt'))),
    ).toMatchObject({
      reason: 'sign-in-needed',
      problem: 'token_rejected',
    });
  });
});

describe('the account list', () => {
  test.each([
    [
      'several accounts',
      received(200, etradeBody('account-list.json')),
      ['823145980', '583156360'],
    ],
    [
      'one account as an object, its id a number',
      received(200, etradeBody('account-list-single.json')),
      ['823145980'],
    ],
    ['204, no accounts', received(204, ''), []],
    ['an empty list', received(200, '{"AccountListResponse":{"Accounts":{"Account":[]}}}'), []],
    ['no list', received(200, '{"AccountListResponse":{}}'), []],
    ['null for the list', received(200, '{"AccountListResponse":{"Accounts":null}}'), []],
    ['an empty element, converted', received(200, '{"AccountListResponse":{"Accounts":""}}'), []],
    [
      'null for its entries',
      received(200, '{"AccountListResponse":{"Accounts":{"Account":null}}}'),
      [],
    ],
    [
      'an account without an id beside others',
      received(200, list([{ accountIdKey: 'k' }, { accountId: ' 823145980 ' }, null])),
      ['823145980'],
    ],
    [
      'XML',
      received(200, xml('<Accounts>', ACCOUNT_XML, '</Accounts>')),
      ['823145980', '583156360'],
    ],
    ['XML with an empty list', received(200, xml('<Accounts/>')), []],
    ['XML with an empty list, open', received(200, xml('<Accounts>\n</Accounts>')), []],
    ['XML with no list', received(200, '<AccountListResponse/>'), []],
    ['accounts without an id', received(200, list([{}, { accountId: null }])), null],
    [
      'an id that JSON has rounded',
      received(200, list('[{"accountId":12345678901234567890}]')),
      null,
    ],
    [
      'entries under another name',
      received(200, '{"AccountListResponse":{"Accounts":{"account":[{"accountId":"1"}]}}}'),
      null,
    ],
    [
      'a list under another name',
      received(200, '{"AccountListResponse":{"accountList":[{"accountId":"1"}]}}'),
      null,
    ],
    ['a word for the list', received(200, '{"AccountListResponse":{"Accounts":"none"}}'), null],
    [
      'XML with entries under another name',
      received(200, xml('<Accounts><Acct>1</Acct></Accounts>')),
      null,
    ],
    [
      'XML with accounts without an id',
      received(200, xml('<Accounts><Account><id>1</id></Account></Accounts>')),
      null,
    ],
  ])('%s', (_name, answer, accountIds) => {
    expect(judgeAccountList(answer)).toEqual({ ok: true, accountIds, skewMs: null });
  });

  test('passes the measured skew on', () => {
    expect(judgeAccountList(received(204, '', { skewMs: -1_500 }))).toMatchObject({
      skewMs: -1_500,
    });
  });

  test.each([
    ['a maintenance page', '<html><body>Down for maintenance</body></html>'],
    ['JSON of another kind', '{"QuoteResponse":{}}'],
    ['half a document in XML', '<AccountListResponse><Accounts><Account><accountId>823'],
    ['XML of another kind', '<QuoteResponse><Accounts/></QuoteResponse>'],
    ['half a document', '{"AccountListResponse":{"Acc'],
    ['nothing', ''],
  ])('is unreadable as %s', (_name, body) => {
    expect(judgeAccountList(received(200, body))).toMatchObject(UNREADABLE);
  });

  test('an idle or ended token is renewable', () => {
    for (const file of ['token-expired.json', 'token-rejected.json', 'token-expired.xml']) {
      expect(judgeAccountList(received(401, etradeBody(file)))).toMatchObject({
        reason: 'renewable',
      });
    }
  });

  test('an error document in a 200 is judged as the error it is', () => {
    expect(judgeAccountList(received(200, etradeBody('service-unavailable.json')))).toMatchObject({
      reason: 'transient',
      problem: 'error-100',
    });
  });
});
