/**
 * Signatures a second: our signing with its checks, against the bare package as its documentation uses it.
 *
 * Same request, same keys, batches in turn.
 */

import { createHmac } from 'node:crypto';
import OAuth from 'oauth-1.0a';
import { authorizationHeader } from '../../functions/brokers/oauth1.ts';
import { Secret } from '../../functions/secret.ts';
import { compared, type Figure, median } from './figure.ts';

const BATCH = 2_000;
const BATCHES = 31;

const URL = 'https://api.etrade.com/v1/market/quote/AAPL,MSFT.json';
const PARAMS = { detailFlag: 'ALL', requireEarningsDate: 'true' };
const CONSUMER = {
  key: 'c5bb4dcb7bd6826c7c4340df3f791188',
  secret: '7d30246211192cda43ede3abd9b393b9',
};
const TOKEN = {
  key: 'VbiNYl63EejjlKdQM6FeENzcnrLACrZ2JYD6NQROfVI=',
  secret: 'XCF9RzyQr4UEPloA+WlC06BnTfYC1P0Fwr3GUw/B0Es=',
};

export async function measureSignatures(): Promise<readonly Figure[]> {
  const consumer = { key: new Secret(CONSUMER.key), secret: new Secret(CONSUMER.secret) };
  const token = { key: new Secret(TOKEN.key), secret: new Secret(TOKEN.secret) };
  const ours = (count: number): string =>
    authorizationHeader({
      method: 'GET',
      url: URL,
      params: PARAMS,
      consumer,
      token,
      timestamp: 1_773_059_460,
      nonce: `nonce${count}`,
    });

  const oauth = new OAuth({
    consumer: CONSUMER,
    signature_method: 'HMAC-SHA1',
    hash_function: (base, key) => createHmac('sha1', key).update(base).digest('base64'),
  });
  const bare = (): string =>
    oauth.toHeader(oauth.authorize({ method: 'GET', url: URL, data: { ...PARAMS } }, TOKEN))
      .Authorization;

  const rates = { ours: [] as number[], bare: [] as number[] };
  for (let batch = -2; batch < BATCHES; batch += 1) {
    const pair = { ours: rateOf(ours), bare: rateOf(bare) };
    if (batch < 0) continue;
    rates.ours.push(pair.ours);
    rates.bare.push(pair.bare);
  }
  return [
    compared({
      name: 'signatures a second',
      value: median(rates.ours),
      unit: '/s',
      baseline: { name: 'bare oauth-1.0a', value: median(rates.bare) },
      atLeast: 1,
    }),
  ];
}

function rateOf(sign: (count: number) => string): number {
  const startedAt = performance.now();
  for (let count = 0; count < BATCH; count += 1) sign(count);
  return (BATCH / (performance.now() - startedAt)) * 1_000;
}
