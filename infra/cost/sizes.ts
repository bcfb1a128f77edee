/**
 * What the deployed functions are given: read from `infra/gcp/sizes.json`, which Terraform reads as well.
 *
 * Calls nothing. Used by `usage.ts` and `limits.ts`.
 */

import { readFileSync } from 'node:fs';
import { z } from 'zod';

const FILE = new URL('../gcp/sizes.json', import.meta.url);

export const FUNCTION_NAMES = [
  'morning-alert',
  'pin-exchange',
  'keep-alive',
  'health-check',
] as const;

export type FunctionName = (typeof FUNCTION_NAMES)[number];

export type FunctionSize = {
  readonly memoryGib: number;
  /** vCPUs. */
  readonly cpu: number;
  readonly timeoutSeconds: number;
  readonly concurrency: number;
  readonly maxInstances: number;
};

export type Sizes = {
  readonly functions: Readonly<Record<FunctionName, FunctionSize>>;
  /** Newest images of each function that are kept. */
  readonly imagesKept: number;
};

/**
 * The CPU that Cloud Run functions give to a memory where none is asked for.
 *
 * @see https://cloud.google.com/functions/docs/configuring/memory
 */
const CPU_OF_MEMORY: Readonly<Record<string, number>> = {
  '128Mi': 0.083,
  '256Mi': 0.167,
  '512Mi': 0.333,
  '1Gi': 0.583,
  '2Gi': 1,
};

const MIB_A_GIB = 1_024;

const functionSchema = z
  .strictObject({
    memory: z.enum(['128Mi', '256Mi', '512Mi', '1Gi', '2Gi']),
    cpu: z
      .string()
      .regex(/^\d+(\.\d+)?$/)
      .nullable(),
    timeoutSeconds: z.int().min(1).max(3_600),
    concurrency: z.int().min(1).max(1_000),
    maxInstances: z.int().min(1),
  })
  .transform(({ memory, cpu, ...rest }): FunctionSize => {
    const size = Number.parseInt(memory, 10);
    return {
      memoryGib: memory.endsWith('Gi') ? size : size / MIB_A_GIB,
      cpu: cpu === null ? (CPU_OF_MEMORY[memory] ?? Number.NaN) : Number(cpu),
      ...rest,
    };
  })
  .refine(({ cpu, concurrency }) => concurrency === 1 || cpu >= 1, {
    message: 'more than one request at once needs a whole vCPU',
  });

const sizesSchema = z.strictObject({
  functions: z.strictObject({
    'morning-alert': functionSchema,
    'pin-exchange': functionSchema,
    'keep-alive': functionSchema,
    'health-check': functionSchema,
  }),
  imagesKept: z.int().min(1),
  messageRetentionDays: z.int().min(1).max(31),
});

/** @throws Error naming every problem */
export function parseSizes(text: string): Sizes {
  const parsed = sizesSchema.safeParse(JSON.parse(text));
  if (!parsed.success) {
    throw new Error(`infra/gcp/sizes.json has problems:\n${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

export function readSizes(): Sizes {
  return parseSizes(readFileSync(FILE, 'utf8'));
}
