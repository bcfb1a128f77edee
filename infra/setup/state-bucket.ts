/**
 * The two buckets that have to be there before Terraform: one for its state and the settings, one for the uploaded
 * sources and what was built of them, where the account that builds may add objects.
 *
 * Not public, with old versions of the state kept; what is deleted after a while stands in
 * `state-bucket.json`. It is never deleted here but by `teardown`.
 */

import * as z from 'zod';
import type { Cloud } from './cloud.ts';
import { kindOf } from './explain.ts';
import type { Places } from './places.ts';
import { SetupProblem } from './problem.ts';
import type { Say } from './steps.ts';

const LIFECYCLE_FILE = 'infra/setup/state-bucket.json';

const bucketSchema = z.object({
  name: z.string(),
  versioning_enabled: z.boolean().nullish(),
  lifecycle_config: z.unknown().optional(),
});

export type StateBucket = { readonly isThere: boolean; readonly isComplete: boolean };

/** Only the project's own: a bucket of that name in another project is as good as none. */
export async function findBucket(
  cloud: Cloud,
  { bucket }: { readonly bucket: string },
): Promise<StateBucket> {
  const own = await cloud.ask(['storage', 'buckets', 'list', `--filter=name=${bucket}`], {
    doing: 'list the buckets',
    schema: z.array(bucketSchema),
    whenPrinted: [],
  });
  const found = own.find(({ name }) => name === bucket);
  return {
    isThere: found !== undefined,
    isComplete: found?.versioning_enabled === true && (found.lifecycle_config ?? null) !== null,
  };
}

/** The bucket of the builds, looked at and made like the other. */
export async function ensureBuildsBucket(
  cloud: Cloud,
  places: Places,
  region: string,
  say: Say,
): Promise<void> {
  const builds = { ...places, bucket: places.buildsBucket };
  const found = await findBucket(cloud, builds);
  await ensureBucket(cloud, builds, { found, region }, say);
}

export async function ensureBucket(
  cloud: Cloud,
  places: Places,
  { found, region }: { readonly found: StateBucket; readonly region: string },
  say: Say,
): Promise<void> {
  const url = `gs://${places.bucket}`;
  if (found.isThere && found.isComplete) {
    say.already(url);
    return;
  }
  if (!found.isThere) {
    await cloud.change(
      [
        'storage',
        'buckets',
        'create',
        url,
        `--location=${region}`,
        '--uniform-bucket-level-access',
        '--public-access-prevention',
      ],
      {
        doing: `make the bucket ${places.bucket}`,
        explain: (stderr) => (kindOf(stderr) === 'taken' ? taken(places) : null),
      },
    );
  }
  // The other half of an interrupted run, if the bucket was there.
  await cloud.change(
    ['storage', 'buckets', 'update', url, '--versioning', `--lifecycle-file=${LIFECYCLE_FILE}`],
    { doing: `keep old versions in the bucket ${places.bucket}` },
  );
  say.made(`${url} in ${region}, with old versions kept`);
}

function taken({ bucket, project }: Places): SetupProblem {
  return new SetupProblem(
    `The name of the bucket "${bucket}" is taken: names of buckets are shared by everybody at Google, and somebody else has this one.`,
    [
      `Choose another, here and for deploy, rollback and teardown: npm run setup -- --project ${project} --state-bucket ${project}-token-cadence`,
    ],
  );
}
