/**
 * What a deployment is called by: the addresses that Terraform prints.
 *
 * Reads `terraform output -json`, says in words what is missing, asks nobody. Used by `smoke.ts`.
 */

import * as z from 'zod';
import { isPrivateLine } from '../../functions/config.ts';

/** Callable by their own callers only. */
export const PRIVATE_FUNCTIONS = ['morning-alert', 'keep-alive', 'health-check'] as const;
export type PrivateFunction = (typeof PRIVATE_FUNCTIONS)[number];

export type Deployment = {
  /** Addresses at which people find the page: the one they open, then the function's own. */
  readonly pages: readonly string[];
  readonly functions: Readonly<Record<PrivateFunction, string>>;
};

export type ParsedDeployment =
  | { readonly ok: true; readonly deployment: Deployment }
  | { readonly ok: false; readonly problem: string };

/** A token is sent there, so nothing but https, or this machine. */
const addressSchema = z
  .url({ protocol: /^https?$/, abort: true })
  .refine(isPrivateLine)
  .transform((address) => address.replace(/\/+$/, ''));

const outputsSchema = z.object({
  page_url: z.object({ value: addressSchema }),
  function_urls: z.object({
    value: z.object({
      'pin-exchange': addressSchema,
      'morning-alert': addressSchema,
      'keep-alive': addressSchema,
      'health-check': addressSchema,
    }),
  }),
});

export function parseDeployment(text: string): ParsedDeployment {
  let outputs: unknown;
  try {
    outputs = JSON.parse(text);
  } catch {
    return { ok: false, problem: 'The file is not what "terraform output -json" prints' };
  }
  const parsed = outputsSchema.safeParse(outputs);
  if (!parsed.success) {
    const places = parsed.error.issues.map(({ path }) => path.filter((part) => part !== 'value'));
    const names = [...new Set(places.map((path) => path.join(' ')))].join(', ');
    return {
      ok: false,
      problem: `Terraform's outputs have no https address for: ${names}. Was the second phase applied ("npm run deploy")?`,
    };
  }
  const { page_url, function_urls } = parsed.data;
  const { 'pin-exchange': own, ...functions } = function_urls.value;
  return {
    ok: true,
    deployment: { pages: [...new Set([page_url.value, own])], functions },
  };
}
