import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  authorizationHeader,
  authorizeRequest,
  type Oauth1Params,
  type Oauth1Request,
  percentEncode,
  signatureBaseString,
} from '../../functions/brokers/oauth1.ts';
import { Secret } from '../../functions/secret.ts';
import {
  ETRADE_VECTOR,
  hmacSha1,
  independentEncode,
  independentSignature,
  RFC_NORMALISATION_VECTOR,
  VECTORS,
  type Vector,
} from './oauth1-vectors.ts';

/** One valid request; each refusal changes one thing. */
const GOOD: Oauth1Request = requestOf(ETRADE_VECTOR);

describe('the published vectors', () => {
  test.each(VECTORS)('signs as published: $name', (vector) => {
    expect(signatureOf(requestOf(vector))).toBe(vector.signature);
  });

  test.each(VECTORS)('agrees with a signer that shares no code: $name', (vector) => {
    expect(independently(requestOf(vector))).toBe(vector.signature);
  });

  test('builds the base string of RFC 5849 section 3.4.1', () => {
    expect(signatureBaseString(requestOf(RFC_NORMALISATION_VECTOR))).toBe(
      'POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7',
    );
  });

  test('builds the base string of the E*TRADE guide, the token encoded twice', () => {
    expect(signatureBaseString(requestOf(ETRADE_VECTOR))).toBe(
      'GET&https%3A%2F%2Fapi.etrade.com%2Fv1%2Faccounts%2Flist&oauth_consumer_key%3Dc5bb4dcb7bd6826c7c4340df3f791188%26oauth_nonce%3D0bba225a40d1bbac2430aa0c6163ce44%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D1344885636%26oauth_token%3DVbiNYl63EejjlKdQM6FeENzcnrLACrZ2JYD6NQROfVI%253D',
    );
  });

  test('writes the signature into the header percent-encoded', () => {
    expect(authorizationHeader(requestOf(ETRADE_VECTOR))).toContain(
      'oauth_signature="UOnPVdzExTAgHkcGWLLfeTaaMSM%3D"',
    );
  });

  test.each([
    { name: 'without a token', key: 'cs&', expected: 'egQqG5AJep5sJ7anhXju1unge2I=' },
    { name: 'with a token', key: 'cs&ts', expected: 'VZVjXceV7JgPq/dOTnNmEfO0Fv8=' },
  ])('the test signer keys HMAC as wiki.oauth.net does $name', ({ key, expected }) => {
    expect(hmacSha1('bs', key)).toBe(expected);
  });
});

describe('the known wrong answers', () => {
  const request = requestOf(ETRADE_VECTOR);
  const base = signatureBaseString(request);
  const [consumerSecret, tokenSecret] = [ETRADE_VECTOR.consumer[1], ETRADE_VECTOR.token?.[1] ?? ''];
  const key = `${consumerSecret}&${independentEncode(tokenSecret)}`;
  const tokenEncodedOnce = base.replace('%253D', '%3D');

  test.each([
    {
      mistake: 'secrets not percent-encoded in the key',
      wrong: hmacSha1(base, `${consumerSecret}&${tokenSecret}`),
      known: 'pXblwU+H+2wTeoXWnfMdvO9GuJY=',
    },
    {
      mistake: 'token encoded once',
      wrong: hmacSha1(tokenEncodedOnce, key),
      known: 'mNku8s7evwCMeItV4uS/hNhN6ms=',
    },
    {
      mistake: 'both',
      wrong: hmacSha1(tokenEncodedOnce, `${consumerSecret}&${tokenSecret}`),
      known: '8alOEOXdzxx+N7+77VRyducKWJM=',
    },
    {
      mistake: 'empty realm signed',
      wrong: hmacSha1(`${base}%26realm%3D`, key),
      known: 'mddzTyZlS3zRFcSyFYhJdKWHC2Q=',
    },
  ])('is not the one of: $mistake', ({ wrong, known }) => {
    expect(wrong).toBe(known);
    expect(signatureOf(request)).not.toBe(known);
  });

  test('a version is signed when asked for, and changes the signature', () => {
    expect(signatureOf({ ...request, version: '1.0' })).toBe('gZLKg/AOvv4+r1+EBLWKdVUVBC0=');
    expect(authorizationHeader(request)).not.toContain('oauth_version');
  });

  test('the older guide’s address gives the older guide’s signature', () => {
    const older = { ...request, url: 'https://etws.etrade.com/accounts/rest/accountlist' };
    expect(signatureOf(older)).toBe('/Xiv96DzZabnUG2bzPZIH2RARHM=');
  });

  test('the signature printed in RFC 5849 section 3.4.1 is the erratum, not ours', () => {
    expect(signatureOf(requestOf(RFC_NORMALISATION_VECTOR))).not.toBe(
      'bYT5CMsGcbgUdFHObYMEfcx6bsw=',
    );
  });

  test('the other circulating value of X belongs to the old path', () => {
    const vector = VECTORS.find(({ name }) => name.startsWith('X,'));
    expect(vector).toBeDefined();
    if (vector === undefined) return;
    const old = { ...requestOf(vector), url: 'https://api.twitter.com/1/statuses/update.json' };
    expect(signatureOf(old)).toBe('tnnArxj06cWHq44gCs1OSKk/jLY=');
  });
});

describe('percentEncode', () => {
  test.each([
    ['abcABC123', 'abcABC123'],
    ['-._~', '-._~'],
    ['%', '%25'],
    ['+', '%2B'],
    ['&=*', '%26%3D%2A'],
    ["!'()", '%21%27%28%29'],
    ['\n', '%0A'],
    [' ', '%20'],
    ['\u007f', '%7F'],
    ['\u0080', '%C2%80'],
    ['\u3001', '%E3%80%81'],
    ['\u2603', '%E2%98%83'],
    ['Ladies + Gentlemen', 'Ladies%20%2B%20Gentlemen'],
    ['An encoded string!', 'An%20encoded%20string%21'],
    ['', ''],
  ])('encodes %j as %s', (text, encoded) => {
    expect(percentEncode(text)).toBe(encoded);
  });

  test('agrees with a byte-by-byte encoder', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(percentEncode(text)).toBe(independentEncode(text));
      }),
    );
  });

  test('refuses a lone surrogate', () => {
    expect(() => percentEncode('a\ud800')).toThrow(/not well-formed/);
  });
});

describe('normalisation', () => {
  const cases: readonly { name: string; params: Oauth1Params; expected: string }[] = [
    { name: 'an empty value', params: { name: '' }, expected: 'name=' },
    {
      name: 'values of one name in order',
      params: { a: ['x!y', 'x y'] },
      expected: 'a=x%20y&a=x%21y',
    },
    { name: 'names by encoded form', params: { 'x!y': 'a', x: 'a' }, expected: 'x=a&x%21y=a' },
    { name: 'a name that begins another', params: { 'a-': '1', a: '2' }, expected: 'a=2&a-=1' },
    { name: 'an object member’s name', params: { constructor: 'x' }, expected: 'constructor=x' },
    { name: 'a name without values', params: { a: [], b: '1' }, expected: 'b=1' },
  ];

  test.each(cases)('keeps and sorts $name', ({ params, expected }) => {
    const base = signatureBaseString({ ...GOOD, params });
    const signed = decodeURIComponent(base.split('&')[2] ?? '');
    expect(
      signed
        .split('&')
        .filter((pair) => !pair.startsWith('oauth_'))
        .join('&'),
    ).toBe(expected);
  });
});

describe('authorizeRequest', () => {
  test('writes the query with the encoder that signed it', () => {
    const { url, method } = authorizeRequest({
      ...GOOD,
      params: { q: "it's (a) * b!", plus: '1+1', many: ['x', 'y'] },
    });
    expect(method).toBe('GET');
    expect(url).toBe(
      'https://api.etrade.com/v1/accounts/list?q=it%27s%20%28a%29%20%2A%20b%21&plus=1%2B1&many=x&many=y',
    );
    expect(new URL(url).href).toBe(url);
  });

  test('leaves the URL alone without parameters', () => {
    expect(authorizeRequest(GOOD).url).toBe(GOOD.url);
  });

  test('signs what it sends: any parameters, judged by an independent signer', () => {
    const text = fc.string({ unit: 'binary', maxLength: 12 });
    const secret = fc.string({ unit: 'grapheme-ascii', minLength: 1 }).filter(isTrimmed);
    const name = text.filter((value) => !value.startsWith('oauth_') && value !== '__proto__');
    const value = fc.oneof(text, fc.array(text, { maxLength: 3 }));
    fc.assert(
      fc.property(
        fc.dictionary(name, value),
        secret,
        fc.option(fc.tuple(secret, secret)),
        fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
        (params, consumerSecret, token, method) => {
          const request: Oauth1Request = {
            ...GOOD,
            method,
            params,
            consumer: { key: new Secret('key'), secret: new Secret(consumerSecret) },
            token: token && { key: new Secret(token[0]), secret: new Secret(token[1]) },
          };
          const before = structuredClone(params);
          const sent = authorizeRequest(request);
          expect(signatureIn(sent.headers.Authorization)).toBe(
            independentSignature(
              method,
              GOOD.url,
              [...queryPairs(sent.url), ...headerPairs(sent.headers.Authorization)],
              consumerSecret,
              token?.[1] ?? '',
            ),
          );
          expect(params).toEqual(before);
        },
      ),
    );
  });

  test('signs the same request the same way twice', () => {
    const request = { ...GOOD, params: { a: ['2', '1'] } };
    expect(authorizationHeader(request)).toBe(authorizationHeader(request));
  });
});

describe('the header', () => {
  test('holds the protocol parameters only, labelled HMAC-SHA1', () => {
    const header = authorizationHeader({ ...GOOD, params: { symbol: 'GOOG' } });
    expect([...headerPairs(header).map(([name]) => name), 'oauth_signature']).toEqual([
      'oauth_consumer_key',
      'oauth_nonce',
      'oauth_signature_method',
      'oauth_timestamp',
      'oauth_token',
      'oauth_signature',
    ]);
    expect(header).toContain('oauth_signature_method="HMAC-SHA1"');
    expect(header).not.toContain('symbol');
  });

  test('holds no secret', () => {
    const header = authorizationHeader(GOOD);
    for (const secret of [GOOD.consumer.secret, GOOD.token?.secret]) {
      const value = secret?.reveal() ?? '';
      expect(value).not.toBe('');
      expect(header).not.toContain(value);
      expect(header).not.toContain(independentEncode(value));
    }
  });

  test('carries callback and verifier when handed in apart', () => {
    expect(authorizationHeader({ ...GOOD, extra: { oauth_callback: 'oob' } })).toContain(
      'oauth_callback="oob"',
    );
    expect(
      authorizationHeader({ ...GOOD, extra: { oauth_verifier: new Secret('H9/2GX') } }),
    ).toContain('oauth_verifier="H9%2F2GX"');
  });
});

describe('refuses', () => {
  const refusals: readonly { name: string; change: object; message: RegExp }[] = [
    {
      name: 'an empty consumer key',
      change: { consumer: pair('', 'S3CRET') },
      message: /consumer key is empty/,
    },
    {
      name: 'an empty consumer secret',
      change: { consumer: pair('K', '') },
      message: /consumer secret is empty/,
    },
    {
      name: 'a consumer secret with a line break',
      change: { consumer: pair('K', 'S3CRET\n') },
      message: /consumer secret has white space/,
    },
    {
      name: 'a missing consumer secret',
      change: { consumer: { key: new Secret('K') } },
      message: /consumer secret is not text/,
    },
    {
      name: 'a token without its secret',
      change: { token: pair('S3CRET', '') },
      message: /token secret is empty/,
    },
    {
      name: 'a token secret without its token',
      change: { token: pair('', 'S3CRET') },
      message: /token is empty/,
    },
    {
      name: 'half a token object',
      change: { token: { key: new Secret('S3CRET') } },
      message: /token secret is not text/,
    },
    {
      name: 'a query in the URL',
      change: { url: 'https://api.etrade.com/x?a=S3CRET' },
      message: /has a query/,
    },
    {
      name: 'a bare question mark',
      change: { url: 'https://api.etrade.com/x?' },
      message: /has a query/,
    },
    {
      name: 'a fragment',
      change: { url: 'https://api.etrade.com/x#S3CRET' },
      message: /has a fragment/,
    },
    {
      name: 'an upper-case host',
      change: { url: 'https://API.etrade.com/x' },
      message: /normal form/,
    },
    {
      name: 'a default port',
      change: { url: 'https://api.etrade.com:443/x' },
      message: /normal form/,
    },
    {
      name: 'a host without a path',
      change: { url: 'https://api.etrade.com' },
      message: /normal form/,
    },
    {
      name: 'raw characters in the path',
      change: { url: 'https://api.etrade.com/a b' },
      message: /normal form/,
    },
    {
      name: 'credentials in the URL',
      change: { url: 'https://u:S3CRET@api.etrade.com/x' },
      message: /holds credentials/,
    },
    { name: 'another scheme', change: { url: 'ftp://api.etrade.com/x' }, message: /http\(s\)/ },
    { name: 'no URL at all', change: { url: 'S3CRET' }, message: /http\(s\)/ },
    {
      name: 'a URL object',
      change: { url: new URL('https://api.etrade.com/x') },
      message: /must be a string/,
    },
    {
      name: 'a reserved name',
      change: { params: { oauth_timestamp: 'S3CRET' } },
      message: /reserved/,
    },
    {
      name: 'the name __proto__',
      change: { params: JSON.parse('{"__proto__":"S3CRET"}') },
      message: /__proto__/,
    },
    { name: 'a string body', change: { params: 'S3CRET' }, message: /must be an object/ },
    { name: 'a list body', change: { params: ['S3CRET'] }, message: /must be an object/ },
    {
      name: 'nested data',
      change: { params: { a: { b: 'S3CRET' } } },
      message: /value is not text/,
    },
    {
      name: 'an undefined value',
      change: { params: { a: undefined } },
      message: /value is not text/,
    },
    { name: 'a null value', change: { params: { a: null } }, message: /value is not text/ },
    { name: 'a number', change: { params: { a: 1 } }, message: /value is not text/ },
    {
      name: 'a lone surrogate in a value',
      change: { params: { a: '\udc00S3CRET' } },
      message: /not well-formed/,
    },
    {
      name: 'a lone surrogate in a name',
      change: { params: { '\ud800': 'S3CRET' } },
      message: /not well-formed/,
    },
    {
      name: 'a lone surrogate in a list',
      change: { params: { a: ['S3CRET\ud800'] } },
      message: /not well-formed/,
    },
    {
      name: 'a lone surrogate in a secret',
      change: { token: pair('T', 'S3CRET\ud800') },
      message: /not well-formed/,
    },
    {
      name: 'a lone surrogate in the verifier',
      change: { extra: { oauth_verifier: new Secret('\ud800S3CRET') } },
      message: /not well-formed/,
    },
    {
      name: 'an empty verifier',
      change: { extra: { oauth_verifier: new Secret('') } },
      message: /"oauth_verifier" is empty/,
    },
    {
      name: 'an empty callback',
      change: { extra: { oauth_callback: '' } },
      message: /"oauth_callback" is empty/,
    },
    {
      name: 'another protocol field',
      change: { extra: { oauth_timestamp: '1' } },
      message: /"extra" takes only/,
    },
    { name: 'a lower-case method', change: { method: 'get' }, message: /"method"/ },
    { name: 'a missing method', change: { method: undefined }, message: /"method"/ },
    {
      name: 'a timestamp in milliseconds',
      change: { timestamp: 1_344_885_636_000 },
      message: /milliseconds/,
    },
    { name: 'a fraction of a second', change: { timestamp: 1.5 }, message: /whole number/ },
    { name: 'a missing timestamp', change: { timestamp: Number.NaN }, message: /whole number/ },
    { name: 'an empty nonce', change: { nonce: '' }, message: /"nonce"/ },
    { name: 'a nonce with a line break', change: { nonce: 'a\nb' }, message: /"nonce"/ },
    { name: 'another version', change: { version: '' }, message: /"version"/ },
  ];

  test.each(refusals)('$name, without showing it', ({ change, message }) => {
    const request = { ...GOOD, ...change } as Oauth1Request;
    for (const use of [authorizationHeader, authorizeRequest, signatureBaseString]) {
      const error = thrownBy(() => use(request));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toMatch(message);
      expect(error.message).not.toContain('S3CRET');
    }
  });
});

function pair(key: string, secret: string): { key: Secret; secret: Secret } {
  return { key: new Secret(key), secret: new Secret(secret) };
}

function requestOf(vector: Vector): Oauth1Request {
  return {
    method: vector.method,
    url: vector.url,
    consumer: pair(...vector.consumer),
    token: vector.token === null ? null : pair(...vector.token),
    timestamp: vector.timestamp,
    nonce: vector.nonce,
    ...(vector.params === undefined ? {} : { params: vector.params }),
    ...(vector.version === undefined ? {} : { version: vector.version }),
    ...(vector.callback === undefined ? {} : { extra: { oauth_callback: vector.callback } }),
    ...(vector.verifier === undefined
      ? {}
      : { extra: { oauth_verifier: new Secret(vector.verifier) } }),
  };
}

function signatureOf(request: Oauth1Request): string {
  return signatureIn(authorizationHeader(request));
}

function independently(request: Oauth1Request): string {
  const data = Object.entries(request.params ?? {}).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map((one) => [name, one] as const),
  );
  return independentSignature(
    request.method,
    request.url,
    [...data, ...headerPairs(authorizationHeader(request))],
    request.consumer.secret.reveal(),
    request.token?.secret.reveal() ?? '',
  );
}

function signatureIn(header: string): string {
  return decodeURIComponent(/oauth_signature="([^"]+)"/.exec(header)?.[1] ?? '');
}

/** Decoded parameters of a header, the signature left out. */
function headerPairs(header: string): (readonly [string, string])[] {
  return [...header.matchAll(/(\w+)="([^"]*)"/g)]
    .map(([, name = '', value = '']) => [name, decodeURIComponent(value)] as const)
    .filter(([name]) => name !== 'oauth_signature');
}

function queryPairs(url: string): (readonly [string, string])[] {
  const query = url.split('?')[1];
  if (query === undefined) return [];
  return query.split('&').map((part) => {
    const [name = '', value = ''] = part.split('=');
    return [decodeURIComponent(name), decodeURIComponent(value)] as const;
  });
}

function isTrimmed(text: string): boolean {
  return text.trim() === text;
}

function thrownBy(act: () => unknown): Error {
  try {
    act();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was thrown');
}
