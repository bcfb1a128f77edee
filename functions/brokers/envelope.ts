/**
 * The envelope of the Indian brokers' answers, `{"status":"success","data":…}`, of which `status` may be missing.
 *
 * Pure. A status that is there and not `success` is never taken for one.
 */

import * as z from 'zod';
import { accountId, readAccountIds } from './account-ids.ts';

/** Where it is missing, `data` has to have its form. */
export const noStatus = z.null().optional();

/** What the broker was told to do is done; nothing but this says so. */
export const doneSchema = z.object({
  status: z.literal('success').nullish(),
  data: z.literal(true),
});

const profileSchema = z.union([
  z.object({ status: noStatus, data: z.looseObject({ user_id: accountId }) }),
  z.object({ status: z.literal('success'), data: z.unknown() }),
]);

/** The user of a profile, who is the account: as in `ProbeAnswer`; `undefined` for what is no profile. */
export function readProfile(json: unknown): readonly string[] | null | undefined {
  const parsed = profileSchema.safeParse(json);
  return parsed.success ? readAccountIds(parsed.data.data, 'user_id') : undefined;
}
