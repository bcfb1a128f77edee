/**
 * The settings of a deployment: the object in the bucket of Terraform's state that each build reads.
 *
 * Names, numbers of versions and choices, never the value of a secret. What this file does not know (budget,
 * uptime check, …) is a variable of `infra/gcp` and is kept as it is. Written only when complete, so that a
 * build by somebody else never sees half of a change.
 */

import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Cloud } from './cloud.ts';
import type { Places } from './places.ts';

const settingsSchema = z.looseObject({
  region: z.string(),
  sessions: z.array(z.string()),
  secret_versions: z.record(z.string(), z.string()),
  heartbeat: z.boolean().optional(),
  role_suffix: z.coerce.string().optional(),
});

export type DeploymentSettings = z.infer<typeof settingsSchema>;

const documentSchema = z.string().transform((text, context) => {
  try {
    return settingsSchema.parse(JSON.parse(text.trim()));
  } catch {
    context.addIssue({ code: 'custom', message: 'no settings' });
    return z.NEVER;
  }
});

/** `null` before the first build. */
export async function readSettings(
  cloud: Cloud,
  places: Places,
): Promise<DeploymentSettings | null> {
  return cloud.ask(['storage', 'cat', places.settings], {
    doing: 'read the settings of the deployment',
    schema: documentSchema.nullable(),
    whenPrinted: null,
    whenAbsent: null,
    isText: true,
  });
}

export async function writeSettings(
  cloud: Cloud,
  places: Places,
  settings: DeploymentSettings,
): Promise<void> {
  const text = `${JSON.stringify(settings, null, 2)}\n`;
  await cloud.change(['storage', 'cp', '-', places.settings], {
    doing: 'save the settings of the deployment',
    input: text,
    inputHint: `printf '%s' '${JSON.stringify(settings)}'`,
  });
}

/** The same for the same settings, whatever the order in which they were written. */
export function digestOf(settings: DeploymentSettings): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(settings)))
    .digest('hex')
    .slice(0, 12);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([name, inner]) => [name, sorted(inner)]));
}
