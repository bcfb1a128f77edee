/**
 * What Google publishes as prices in US dollars for the region us-central1, each with its free amount a month.
 *
 * Pure data; prices change, so each has the page it was read on. A new price is a new number here, a new
 * `PRICES_READ_ON`, and a run of the tests. Read by `bill.ts`.
 */

export type Price = {
  /** Dollars for one `unit` beyond the free amount. */
  readonly dollars: number;
  readonly unit: string;
  readonly free: number;
  /** Whom the free amount belongs to: one billing account's projects share theirs. */
  readonly sharedBy: 'billing account' | 'project';
  readonly source: string;
};

/** When the pages were last read. */
export const PRICES_READ_ON = '2026-11';

const MILLION = 1_000_000;
const RUN = 'https://cloud.google.com/run/pricing';
const SECRETS = 'https://cloud.google.com/secret-manager/pricing';

export const PRICES = {
  requests: {
    dollars: 0.4 / MILLION,
    unit: 'request',
    free: 2 * MILLION,
    sharedBy: 'billing account',
    source: RUN,
  },
  cpu: {
    dollars: 0.000_024,
    unit: 'vCPU-second',
    free: 180_000,
    sharedBy: 'billing account',
    source: RUN,
  },
  memory: {
    dollars: 0.000_002_5,
    unit: 'GiB-second',
    free: 360_000,
    sharedBy: 'billing account',
    source: RUN,
  },
  /** Enabled or disabled, for each month; a part of a month costs that part. Destroyed ones are free. */
  secretVersions: {
    dollars: 0.06,
    unit: 'active version',
    free: 6,
    sharedBy: 'billing account',
    source: SECRETS,
  },
  /** Reading a value. Everything else that is asked of Secret Manager is free. */
  secretAccesses: {
    dollars: 0.03 / 10_000,
    unit: 'access',
    free: 10_000,
    sharedBy: 'billing account',
    source: SECRETS,
  },
  /** For 31 days, paused or not. Its runs are free. */
  jobs: {
    dollars: 0.1,
    unit: 'job',
    free: 3,
    sharedBy: 'billing account',
    source: 'https://cloud.google.com/scheduler/pricing',
  },
  /** At least 1,000 bytes a request. */
  messages: {
    dollars: 40 / 1_024,
    unit: 'GiB',
    free: 10,
    sharedBy: 'billing account',
    source: 'https://cloud.google.com/pubsub/pricing',
  },
  images: {
    dollars: 0.1,
    unit: 'GiB',
    free: 0.5,
    sharedBy: 'billing account',
    source: 'https://cloud.google.com/artifact-registry/pricing',
  },
  /** Free in us-central1, us-east1 and us-west1 alone. */
  sources: {
    dollars: 0.02,
    unit: 'GiB',
    free: 5,
    sharedBy: 'billing account',
    source: 'https://cloud.google.com/storage/pricing',
  },
  /** Kept for 30 days. Audit entries of who read which secret are logs, too. */
  logs: {
    dollars: 0.5,
    unit: 'GiB',
    free: 50,
    sharedBy: 'project',
    source: 'https://cloud.google.com/stackdriver/pricing',
  },
  /** On the default machine, e2-standard-2. */
  buildMinutes: {
    dollars: 0.006,
    unit: 'minute',
    free: 2_500,
    sharedBy: 'billing account',
    source: 'https://cloud.google.com/build/pricing',
  },
  /** Within North America; from elsewhere nothing is free. */
  network: {
    dollars: 0.12,
    unit: 'GiB',
    free: 1,
    sharedBy: 'billing account',
    source: RUN,
  },
  /** The dearest of the amounts that Google's pages have named. */
  alertConditions: {
    dollars: 1.5,
    unit: 'condition',
    free: 0,
    sharedBy: 'project',
    source: 'https://cloud.google.com/stackdriver/pricing',
  },
} as const satisfies Readonly<Record<string, Price>>;

export type Item = keyof typeof PRICES;
