/**
 * Published OAuth 1.0a signatures, and a signer of our own that shares no code with the product's.
 *
 * Sources: RFC 5849 (s1.2, s3.4.1 with erratum 2550), OAuth Core 1.0 A.5, X's "Creating a signature",
 * E*TRADE's developer guide.
 */

import { createHmac } from 'node:crypto';
import type { Oauth1Params } from '../../functions/brokers/oauth1.ts';

export type Vector = {
  readonly name: string;
  readonly method: string;
  readonly url: string;
  readonly params?: Oauth1Params;
  readonly consumer: readonly [key: string, secret: string];
  readonly token: readonly [key: string, secret: string] | null;
  readonly timestamp: number;
  readonly nonce: string;
  readonly callback?: string;
  readonly verifier?: string;
  readonly version?: '1.0';
  readonly signature: string;
};

const RFC_CONSUMER = ['dpf43f3p2l4k3l03', 'kd94hf93k423kf44'] as const;

/** G: the official E*TRADE example, without `oauth_version` and without a realm. */
export const ETRADE_VECTOR: Vector = {
  name: 'E*TRADE developer guide',
  method: 'GET',
  url: 'https://api.etrade.com/v1/accounts/list',
  consumer: ['c5bb4dcb7bd6826c7c4340df3f791188', '7d30246211192cda43ede3abd9b393b9'],
  token: [
    'VbiNYl63EejjlKdQM6FeENzcnrLACrZ2JYD6NQROfVI=',
    'XCF9RzyQr4UEPloA+WlC06BnTfYC1P0Fwr3GUw/B0Es=',
  ],
  timestamp: 1_344_885_636,
  nonce: '0bba225a40d1bbac2430aa0c6163ce44',
  signature: 'UOnPVdzExTAgHkcGWLLfeTaaMSM=',
};

/** D: every kind of parameter that normalisation knows. The signature printed in the RFC is wrong. */
export const RFC_NORMALISATION_VECTOR: Vector = {
  name: 'RFC 5849 section 3.4.1',
  method: 'POST',
  url: 'http://example.com/request',
  params: { b5: '=%3D', a3: ['a', '2 q'], 'c@': '', a2: 'r b', c2: '' },
  consumer: ['9djdj82h48djs9d2', 'j49sk3j29djd'],
  token: ['kkk9d7dh3k39sjv7', 'dh893hdasih9'],
  timestamp: 137_131_201,
  nonce: '7d8f3e4a',
  signature: 'r6/TJjbCOr97/+UU0NsvSne7s5g=',
};

export const VECTORS: readonly Vector[] = [
  {
    name: 'RFC 5849 section 1.2, temporary credentials',
    method: 'POST',
    url: 'https://photos.example.net/initiate',
    consumer: RFC_CONSUMER,
    token: null,
    timestamp: 137_131_200,
    nonce: 'wIjqoS',
    callback: 'http://printer.example.com/ready',
    signature: '74KNZJeDHnMBp0EMJ9ZHt/XKycU=',
  },
  {
    name: 'RFC 5849 section 1.2, token credentials',
    method: 'POST',
    url: 'https://photos.example.net/token',
    consumer: RFC_CONSUMER,
    token: ['hh5s93j4hdidpola', 'hdhd0244k9j7ao03'],
    timestamp: 137_131_201,
    nonce: 'walatlh',
    verifier: 'hfdp7dh39dks9884',
    signature: 'gKgrFCywp7rO0OXSjdot/IHF7IU=',
  },
  {
    name: 'RFC 5849 section 1.2, resource',
    method: 'GET',
    url: 'http://photos.example.net/photos',
    params: { file: 'vacation.jpg', size: 'original' },
    consumer: RFC_CONSUMER,
    token: ['nnch734d00sl2jdk', 'pfkkdhi9sl3r4s00'],
    timestamp: 137_131_202,
    nonce: 'chapoH',
    signature: 'MdpQcU8iPSUjWoN/UDMsK2sui9I=',
  },
  RFC_NORMALISATION_VECTOR,
  {
    name: 'OAuth Core 1.0 appendix A.5, with a version',
    method: 'GET',
    url: 'http://photos.example.net/photos',
    params: { file: 'vacation.jpg', size: 'original' },
    consumer: RFC_CONSUMER,
    token: ['nnch734d00sl2jdk', 'pfkkdhi9sl3r4s00'],
    timestamp: 1_191_242_096,
    nonce: 'kllo9940pd9333jh',
    version: '1.0',
    signature: 'tR3+Ty81lMeYAr/Fid0kMTYa/WM=',
  },
  {
    name: 'X, query and form together',
    method: 'POST',
    url: 'https://api.twitter.com/1.1/statuses/update.json',
    params: {
      include_entities: 'true',
      status: 'Hello Ladies + Gentlemen, a signed OAuth request!',
    },
    consumer: ['xvz1evFS4wEEPTGEFPHBog', 'kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw'],
    token: [
      '370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb',
      'LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE',
    ],
    timestamp: 1_318_622_958,
    nonce: 'kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg',
    version: '1.0',
    signature: 'hCtSmYh+iHYCEqBWrE7C7hYmtUk=',
  },
  ETRADE_VECTOR,
];

/** Byte by byte, from RFC 5849 section 3.6. */
export function independentEncode(text: string): string {
  let encoded = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const character = String.fromCharCode(byte);
    const isUnreserved = /[A-Za-z0-9]/.test(character) || '-._~'.includes(character);
    encoded += isUnreserved ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

/** The signature of these parameters, `oauth_` ones included, from RFC 5849 section 3.4. */
export function independentSignature(
  method: string,
  url: string,
  parameters: readonly (readonly [string, string])[],
  consumerSecret: string,
  tokenSecret: string,
): string {
  const encoded = parameters.map(([name, value]) => ({
    name: independentEncode(name),
    value: independentEncode(value),
  }));
  encoded.sort(
    (left, right) =>
      Buffer.compare(Buffer.from(left.name), Buffer.from(right.name)) ||
      Buffer.compare(Buffer.from(left.value), Buffer.from(right.value)),
  );
  const normalised = encoded.map(({ name, value }) => `${name}=${value}`).join('&');
  const base = [method, independentEncode(url), independentEncode(normalised)].join('&');
  const key = `${independentEncode(consumerSecret)}&${independentEncode(tokenSecret)}`;
  return hmacSha1(base, key);
}

export function hmacSha1(text: string, key: string): string {
  return createHmac('sha1', key).update(text).digest('base64');
}
