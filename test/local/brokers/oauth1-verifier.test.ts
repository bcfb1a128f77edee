/** The simulator's judge against the published vectors, the known wrong answers and odd spellings. */
import { describe, expect, test } from 'vitest';
import {
  baseString,
  baseStringUri,
  hmacSha1,
  type Pair,
  parseAuthorization,
  parseForm,
  percentEncode,
  readSignedRequest,
  signatureMatches,
} from '../../../infra/local/brokers/oauth1-verifier.ts';

type Vector = {
  readonly name: string;
  readonly method: string;
  readonly url: string;
  readonly form?: string;
  readonly consumer: Pair;
  readonly token?: Pair;
  readonly oauth: Readonly<Record<string, string>>;
  readonly expected: string;
};

const PHOTOS = ['dpf43f3p2l4k3l03', 'kd94hf93k423kf44'] as const;
const PHOTO_TOKEN = ['nnch734d00sl2jdk', 'pfkkdhi9sl3r4s00'] as const;
const ETRADE: Vector = {
  name: 'G: E*TRADE developer guide',
  method: 'GET',
  url: 'https://api.etrade.com/v1/accounts/list',
  consumer: ['c5bb4dcb7bd6826c7c4340df3f791188', '7d30246211192cda43ede3abd9b393b9'],
  token: [
    'VbiNYl63EejjlKdQM6FeENzcnrLACrZ2JYD6NQROfVI=',
    'XCF9RzyQr4UEPloA+WlC06BnTfYC1P0Fwr3GUw/B0Es=',
  ],
  oauth: { oauth_timestamp: '1344885636', oauth_nonce: '0bba225a40d1bbac2430aa0c6163ce44' },
  expected: 'UOnPVdzExTAgHkcGWLLfeTaaMSM=',
};

const VECTORS: readonly Vector[] = [
  {
    name: 'A: RFC 5849 section 1.2, temporary credentials',
    method: 'POST',
    url: 'https://photos.example.net/initiate',
    consumer: PHOTOS,
    oauth: {
      oauth_timestamp: '137131200',
      oauth_nonce: 'wIjqoS',
      oauth_callback: 'http://printer.example.com/ready',
    },
    expected: '74KNZJeDHnMBp0EMJ9ZHt/XKycU=',
  },
  {
    name: 'B: RFC 5849 section 1.2, token',
    method: 'POST',
    url: 'https://photos.example.net/token',
    consumer: PHOTOS,
    token: ['hh5s93j4hdidpola', 'hdhd0244k9j7ao03'],
    oauth: {
      oauth_timestamp: '137131201',
      oauth_nonce: 'walatlh',
      oauth_verifier: 'hfdp7dh39dks9884',
    },
    expected: 'gKgrFCywp7rO0OXSjdot/IHF7IU=',
  },
  {
    name: 'C: RFC 5849 section 1.2, resource',
    method: 'GET',
    url: 'http://photos.example.net/photos?file=vacation.jpg&size=original',
    consumer: PHOTOS,
    token: PHOTO_TOKEN,
    oauth: { oauth_timestamp: '137131202', oauth_nonce: 'chapoH' },
    expected: 'MdpQcU8iPSUjWoN/UDMsK2sui9I=',
  },
  {
    name: 'D: RFC 5849 section 3.4.1 with erratum 2550',
    method: 'POST',
    url: 'http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b',
    form: 'c2&a3=2+q',
    consumer: ['9djdj82h48djs9d2', 'j49sk3j29djd'],
    token: ['kkk9d7dh3k39sjv7', 'dh893hdasih9'],
    oauth: { oauth_timestamp: '137131201', oauth_nonce: '7d8f3e4a' },
    expected: 'r6/TJjbCOr97/+UU0NsvSne7s5g=',
  },
  {
    name: 'E: OAuth Core 1.0 A.5, with oauth_version',
    method: 'GET',
    url: 'http://photos.example.net/photos?file=vacation.jpg&size=original',
    consumer: PHOTOS,
    token: PHOTO_TOKEN,
    oauth: {
      oauth_timestamp: '1191242096',
      oauth_nonce: 'kllo9940pd9333jh',
      oauth_version: '1.0',
    },
    expected: 'tR3+Ty81lMeYAr/Fid0kMTYa/WM=',
  },
  {
    name: 'F: X "Creating a signature"',
    method: 'POST',
    url: 'https://api.twitter.com/1.1/statuses/update.json?include_entities=true',
    form: 'status=Hello%20Ladies%20%2b%20Gentlemen%2c+a+signed+OAuth+request%21',
    consumer: ['xvz1evFS4wEEPTGEFPHBog', 'kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw'],
    token: [
      '370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb',
      'LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE',
    ],
    oauth: {
      oauth_timestamp: '1318622958',
      oauth_nonce: 'kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg',
      oauth_version: '1.0',
    },
    expected: 'hCtSmYh+iHYCEqBWrE7C7hYmtUk=',
  },
  ETRADE,
];

/** The verdict on `signature` for a request sent with everything in the Authorization header. */
function judge(vector: Vector, signature: string, secrets: readonly string[] = []): boolean {
  const url = new URL(vector.url);
  const fields = {
    ...vector.oauth,
    oauth_consumer_key: vector.consumer[0],
    oauth_signature_method: 'HMAC-SHA1',
    ...(vector.token === undefined ? {} : { oauth_token: vector.token[0] }),
    oauth_signature: signature,
  };
  const header = Object.entries(fields).map(([name, value]) => `${name}="${percentEncode(value)}"`);
  const read = readSignedRequest(
    {
      method: vector.method,
      origin: url.origin,
      target: vector.url.slice(url.origin.length),
      authorization: `OAuth realm="Photos",${header.join(',')}`,
      form: vector.form ?? null,
    },
    'anywhere',
  );
  if (!read.ok) throw new Error(read.reason);
  const [consumerSecret = vector.consumer[1], tokenSecret = vector.token?.[1] ?? ''] = secrets;
  return signatureMatches(signature, hmacSha1(read.base, consumerSecret, tokenSecret));
}

describe('the published vectors', () => {
  test.each(VECTORS)('accepts $name', (vector) => {
    expect(judge(vector, vector.expected)).toBe(true);
  });

  test.each(VECTORS)('refuses $name with another consumer secret', (vector) => {
    expect(judge(vector, vector.expected, ['another'])).toBe(false);
  });

  test('rebuilds the base string of the E*TRADE guide', () => {
    const base = baseString('GET', ETRADE.url, [
      ['oauth_token', ETRADE.token?.[0] ?? ''],
      ['oauth_timestamp', '1344885636'],
      ['oauth_signature_method', 'HMAC-SHA1'],
      ['oauth_nonce', '0bba225a40d1bbac2430aa0c6163ce44'],
      ['oauth_consumer_key', ETRADE.consumer[0]],
    ]);
    expect(base).toBe(
      'GET&https%3A%2F%2Fapi.etrade.com%2Fv1%2Faccounts%2Flist&oauth_consumer_key%3Dc5bb4dcb7bd6826c7c4340df3f791188%26oauth_nonce%3D0bba225a40d1bbac2430aa0c6163ce44%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D1344885636%26oauth_token%3DVbiNYl63EejjlKdQM6FeENzcnrLACrZ2JYD6NQROfVI%253D',
    );
  });

  test('accepts the signature of the same request with oauth_version, for that request', () => {
    const versioned = { ...ETRADE, oauth: { ...ETRADE.oauth, oauth_version: '1.0' } };
    expect(judge(versioned, 'gZLKg/AOvv4+r1+EBLWKdVUVBC0=')).toBe(true);
    expect(judge(versioned, ETRADE.expected)).toBe(false);
  });

  test('accepts the value for the old path /1/ only with that path', () => {
    const [, , , , , twitter] = VECTORS;
    if (twitter === undefined) throw new Error('vector F is missing');
    const old = { ...twitter, url: twitter.url.replace('/1.1/', '/1/') };
    expect(judge(old, 'tnnArxj06cWHq44gCs1OSKk/jLY=')).toBe(true);
    expect(judge(twitter, 'tnnArxj06cWHq44gCs1OSKk/jLY=')).toBe(false);
  });

  test.each([
    ['oauth_version added', 'gZLKg/AOvv4+r1+EBLWKdVUVBC0='],
    ['secrets of the key not encoded', 'pXblwU+H+2wTeoXWnfMdvO9GuJY='],
    ['token encoded once instead of twice', 'mNku8s7evwCMeItV4uS/hNhN6ms='],
    ['both of these', '8alOEOXdzxx+N7+77VRyducKWJM='],
    ['the empty realm signed', 'mddzTyZlS3zRFcSyFYhJdKWHC2Q='],
    ['the address of the older guide', '/Xiv96DzZabnUG2bzPZIH2RARHM='],
  ])('refuses the E*TRADE vector with %s', (_mistake, signature) => {
    expect(judge(ETRADE, signature)).toBe(false);
  });

  test('refuses the signature printed in RFC 5849, which is wrong', () => {
    const [, , , rfc] = VECTORS;
    if (rfc === undefined) throw new Error('vector D is missing');
    expect(judge(rfc, 'bYT5CMsGcbgUdFHObYMEfcx6bsw=')).toBe(false);
  });

  test.each([
    ['cs', '', 'egQqG5AJep5sJ7anhXju1unge2I='],
    ['cs', 'ts', 'VZVjXceV7JgPq/dOTnNmEfO0Fv8='],
  ])('hashes "bs" under "%s&%s"', (consumerSecret, tokenSecret, expected) => {
    expect(hmacSha1('bs', consumerSecret, tokenSecret).toString('base64')).toBe(expected);
  });
});

describe('encoding', () => {
  test.each([
    ['abcABC123', 'abcABC123'],
    ['-._~', '-._~'],
    ['%', '%25'],
    ['+', '%2B'],
    ['&=*', '%26%3D%2A'],
    ["!'()", '%21%27%28%29'],
    ['\n', '%0A'],
    [' ', '%20'],
    ['\u007F', '%7F'],
    ['\u0080', '%C2%80'],
    ['\u3001', '%E3%80%81'],
    ['\u2603', '%E2%98%83'],
    ['\u{1F511}', '%F0%9F%94%91'],
    ['Ladies + Gentlemen', 'Ladies%20%2B%20Gentlemen'],
  ])('encodes %j as %s', (text, encoded) => {
    expect(percentEncode(text)).toBe(encoded);
  });

  test.each([
    ['an empty value', [['name', '']], 'name='],
    [
      'by name',
      [
        ['c', 'd'],
        ['a', 'b'],
      ],
      'a=b&c=d',
    ],
    [
      'by encoded value',
      [
        ['a', 'x!y'],
        ['a', 'x y'],
      ],
      'a=x%20y&a=x%21y',
    ],
    [
      'by encoded name',
      [
        ['x!y', 'a'],
        ['x', 'a'],
      ],
      'x=a&x%21y=a',
    ],
    [
      'by name before value, not by the joined text',
      [
        ['a-', '1'],
        ['a', '2'],
      ],
      'a=2&a-=1',
    ],
    [
      'in byte order, capitals first',
      [
        ['b', '1'],
        ['B', '2'],
      ],
      'B=2&b=1',
    ],
  ] as [string, Pair[], string][])('sorts %s', (_rule, parameters, expected) => {
    const sorted = baseString('GET', 'http://x/', parameters).split('&')[2] ?? '';
    expect(decodeURIComponent(sorted)).toBe(expected);
  });

  test.each([
    ['HTTP://Example.COM:80', '/r%20v/X?id=123', 'http://example.com/r%20v/X'],
    ['https://www.example.net:8080', '/?q=1', 'https://www.example.net:8080/'],
    ['https://api.etrade.com:443', '/v1#top', 'https://api.etrade.com/v1'],
    ['https://api.etrade.com:80', '/v1', 'https://api.etrade.com:80/v1'],
    ['http://127.0.0.1:8081', '/a?b?c', 'http://127.0.0.1:8081/a'],
  ])('takes %s%s for %s', (origin, target, expected) => {
    expect(baseStringUri(origin, target)).toBe(expected);
  });

  test('reads a form once: plus is a space, names without a value are empty', () => {
    expect(parseForm('c2&a3=2+q&x=1=2&p=%2B&&')).toEqual([
      ['c2', ''],
      ['a3', '2 q'],
      ['x', '1=2'],
      ['p', '+'],
    ]);
    expect(parseForm('oauth_token=%3TiQ')).toBeNull();
    expect(parseForm('a=%FF')).toBeNull();
  });
});

describe('the Authorization header', () => {
  test.each([
    ['quoted', 'OAuth a="1",b="2"'],
    ['any case of the scheme', 'oAUTH a="1",b="2"'],
    ['spaces after commas', 'OAuth a="1",  b="2"'],
    ['spaces around equals', 'OAuth a = "1" , b ="2"'],
    ['unquoted', 'OAuth a=1,b=2'],
    ['a realm, left out', 'OAuth realm="",a="1",b="2"'],
    ['a realm with a comma', 'OAuth a="1",REALM="x, y",b="2"'],
    ['trailing comma', 'OAuth a="1",b="2",'],
  ])('is read with %s', (_form, header) => {
    expect(parseAuthorization(header)).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
  });

  test('is decoded exactly once, a plus stays a plus', () => {
    expect(parseAuthorization('OAuth t="%2BA%252B+%3D"')).toEqual([['t', '+A%2B+=']]);
  });

  test.each([
    ['nothing', undefined],
    ['another scheme', 'Bearer abc'],
    ['a scheme that only begins alike', 'OAuthority a="1"'],
  ])('is empty for %s', (_case, header) => {
    expect(parseAuthorization(header)).toEqual([]);
  });

  test.each(['OAuth a="%zz"', 'OAuth a="1" b="2"', 'OAuth nonsense', 'OAuth a="1'])(
    'is malformed: %s',
    (header) => {
      expect(parseAuthorization(header)).toBeNull();
    },
  );
});

describe('reading a signed request', () => {
  const request = {
    method: 'get',
    origin: 'http://h',
    target: '/p?oauth_nonce=1&x=2',
    authorization: 'OAuth oauth_token="t"',
    form: 'oauth_verifier=v&x=3',
  };

  test('collects the protocol parameters from header, query and form', () => {
    const read = readSignedRequest(request, 'anywhere');
    expect(read).toMatchObject({
      ok: true,
      others: [
        ['x', '2'],
        ['x', '3'],
      ],
      base: 'GET&http%3A%2F%2Fh%2Fp&oauth_nonce%3D1%26oauth_token%3Dt%26oauth_verifier%3Dv%26x%3D2%26x%3D3',
    });
    expect(read.ok && Object.fromEntries(read.oauth)).toEqual({
      oauth_nonce: '1',
      oauth_token: 't',
      oauth_verifier: 'v',
    });
  });

  test('takes them from the header alone when told so', () => {
    const read = readSignedRequest(request, 'header');
    expect(read.ok && [...read.oauth.keys()]).toEqual(['oauth_token']);
  });

  test.each([
    ['within the header', { authorization: 'OAuth oauth_token="t",oauth_token="t"' }],
    ['in header and query', { target: '/p?oauth_token=t' }],
    ['in header and form', { form: 'oauth_token=other' }],
  ])('refuses a protocol parameter given twice %s', (_where, change) => {
    expect(readSignedRequest({ ...request, ...change }, 'anywhere')).toEqual({
      ok: false,
      reason: 'duplicate',
      name: 'oauth_token',
    });
  });

  test('keeps the signature out of the base string', () => {
    const signed = { ...request, authorization: 'OAuth oauth_token="t",oauth_signature="s"' };
    expect(readSignedRequest(signed, 'anywhere')).toMatchObject({
      base: expect.not.stringContaining('signature'),
    });
  });

  test.each(['', 'AAAA', 'not base64 at all, but 28 chr', 'UOnPVdzExTAgHkcGWLLfeTaaMSM'])(
    'takes %j for no signature at all',
    (given) => {
      expect(signatureMatches(given, Buffer.from(ETRADE.expected, 'base64'))).toBe(false);
    },
  );
});
