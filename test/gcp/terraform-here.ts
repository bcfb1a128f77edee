/**
 * Terraform for tests: `null` on a machine without it, which skips them loudly; in CI that is a failure.
 *
 * Used by the tests of `infra/gcp`.
 */

import { findTerraform, type Terraform } from '../../infra/gcp/terraform.ts';

/** A folder that goes away with the test. */
export type Folder = AsyncDisposable & { readonly path: string };

export async function terraformHere(): Promise<Terraform | null> {
  const terraform = await findTerraform();
  if (terraform !== null) return terraform;
  const words = 'There is no terraform on this machine: infra/gcp is not tested';
  if (process.env['CI'] === 'true') throw new Error(words);
  process.stderr.write(`!! SKIPPED: ${words}\n`);
  return null;
}
