/**
 * What a trading worker pays for a call: `token()` and `authorization()` a second, against signing with the
 * bare package and against reading Secret Manager each time, as scripts without a client do. In turns.
 */

import { createHmac } from 'node:crypto';
import OAuth from 'oauth-1.0a';
import { systemClock } from '../../functions/clock.ts';
import { connect } from '../../functions/worker/connect.ts';
import { CONSUMERS } from '../fixtures/etrade-host.ts';
import { openWorkerWorld } from '../fixtures/worker-world.ts';
import { compared, type Figure, median } from './figure.ts';

const KEY = 'etrade-prod';
const BATCH = 2_000;
const BATCHES = 31;
/** Reading is a thousand times slower. */
const READS = 20;

export async function measureHotPath(): Promise<readonly Figure[]> {
  const world = await openWorkerWorld({ key: KEY, events: { publish: async () => {} } });
  const clock = () => systemClock() + world.shift();
  await world.signIn();
  const worker = await connect({
    session: KEY,
    worker: 'bench',
    env: world.env,
    parts: {
      clock,
      events: { follow: () => ({ close: async () => {} }) },
      reports: { send: async () => {}, close: async () => {} },
    },
  });
  try {
    await worker.ready({ timeoutSeconds: 30 });
    const { accessToken, tokenSecret } = await worker.token();
    const url = `${world.apiUrl}/market/quote/AAPL,MSFT.json`;
    const oauth = new OAuth({
      consumer: CONSUMERS.prod,
      signature_method: 'HMAC-SHA1',
      hash_function: (base, key) => createHmac('sha1', key).update(base).digest('base64'),
    });
    const token = { key: accessToken, secret: tokenSecret ?? '' };
    const data = { detailFlag: 'ALL', requireEarningsDate: 'true' };
    const query = new URLSearchParams(data).toString();
    const { store } = world.wiring;
    const candidates = {
      token: () => worker.token(),
      authorization: () => worker.authorization('GET', `${url}?${query}`),
      bare: async () => oauth.toHeader(oauth.authorize({ method: 'GET', url, data }, token)),
      reading: async () => store.readToken(world.session.key, 1),
    };
    const rates = { token: [], authorization: [], bare: [], reading: [] } as Record<
      keyof typeof candidates,
      number[]
    >;
    for (let batch = -2; batch < BATCHES; batch += 1) {
      for (const name of ['token', 'authorization', 'bare', 'reading'] as const) {
        const rate = await rateOf(candidates[name], name === 'reading' ? READS : BATCH);
        if (batch >= 0) rates[name].push(rate);
      }
    }
    const bare = { name: 'bare oauth-1.0a', value: median(rates.bare) };
    const reading = { name: 'a read each time', value: median(rates.reading) };
    const unit = '/s';
    return [
      compared({
        name: 'worker: token()',
        value: median(rates.token),
        unit,
        baseline: reading,
        atLeast: 1_000,
        note: 'the stand-in of Secret Manager answers in a millisecond; Google takes tens of them',
      }),
      compared({
        name: 'worker: authorization()',
        value: median(rates.authorization),
        unit,
        baseline: bare,
        atLeast: 1,
      }),
      compared({
        name: 'worker: authorization()',
        value: median(rates.authorization),
        unit,
        baseline: reading,
      }),
    ];
  } finally {
    await worker.close();
    await world.close();
  }
}

async function rateOf(work: () => Promise<unknown>, times: number): Promise<number> {
  const startedAt = performance.now();
  for (let time = 0; time < times; time += 1) await work();
  return (times / (performance.now() - startedAt)) * 1_000;
}
