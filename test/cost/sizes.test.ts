import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FUNCTION_NAMES, parseSizes, readSizes } from '../../infra/cost/sizes.ts';
import { readJobs } from '../../infra/local/schedule.ts';

const FILE = new URL('../../infra/gcp/sizes.json', import.meta.url);

type Text = { functions: Record<string, Record<string, unknown>>; imagesKept: unknown };

function changed(change: (sizes: Text) => void): string {
  const sizes = JSON.parse(readFileSync(FILE, 'utf8')) as Text;
  change(sizes);
  return JSON.stringify(sizes);
}

const keepAlive = (size: Record<string, unknown>) => (sizes: Text) => {
  sizes.functions['keep-alive'] = { ...sizes.functions['keep-alive'], ...size };
};

describe('the sizes of the functions', () => {
  it('read memory in GiB, and the CPU that comes with it', () => {
    const { functions } = readSizes();
    expect(functions['keep-alive']).toMatchObject({ memoryGib: 0.25, cpu: 0.167 });
    expect(functions['pin-exchange']).toMatchObject({ memoryGib: 0.25, cpu: 1 });
    expect(parseSizes(changed(keepAlive({ memory: '1Gi' }))).functions['keep-alive']).toMatchObject(
      { memoryGib: 1, cpu: 0.583 },
    );
  });

  it('give every function longer than its job waits for it', () => {
    const { functions } = readSizes();
    for (const name of FUNCTION_NAMES) {
      const job = readJobs().find((one) => one.name === name);
      expect(functions[name].timeoutSeconds * 1_000).toBeGreaterThan(job?.attemptDeadlineMs ?? 0);
    }
  });

  it('leave the page, where strangers may call, little time and many places', () => {
    const { functions } = readSizes();
    expect(functions['pin-exchange']).toMatchObject({
      timeoutSeconds: 100,
      concurrency: 40,
      maxInstances: 2,
    });
  });

  it.each([
    { what: 'a memory that is none', change: keepAlive({ memory: '250Mi' }), named: 'memory' },
    { what: 'a CPU that is no number', change: keepAlive({ cpu: 'one' }), named: 'cpu' },
    {
      what: 'more than one request on a share of a CPU',
      change: keepAlive({ concurrency: 2 }),
      named: 'a whole vCPU',
    },
    {
      what: 'a timeout beyond an hour',
      change: keepAlive({ timeoutSeconds: 3_601 }),
      named: 'timeout',
    },
    { what: 'an unknown field', change: keepAlive({ memroy: '1Gi' }), named: 'memroy' },
    {
      what: 'a function that is none',
      change: (sizes: Text) => {
        sizes.functions['keepalive'] = {};
      },
      named: 'keepalive',
    },
    {
      what: 'no image at all',
      change: (sizes: Text) => {
        sizes.imagesKept = 0;
      },
      named: 'imagesKept',
    },
  ])('refuse $what', ({ change, named }) => {
    expect(() => parseSizes(changed(change))).toThrow(named);
  });
});
