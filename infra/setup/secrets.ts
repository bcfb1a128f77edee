/**
 * The secrets that a person's values go into: which are needed, which version is the newest, add one.
 *
 * Values go in through standard input and are never read back. Terraform makes the secrets, empty.
 */

import * as z from 'zod';
import { parseSessionKey } from '../../functions/lifecycle/session.ts';
import type { Secret } from '../../functions/secret.ts';
import { type Cloud, readAnswer } from './cloud.ts';
import { APP_SECRET, HEARTBEAT_SECRET, sharedConsumer } from './places.ts';

export type SecretChoice = { readonly sessions: readonly string[]; readonly heartbeat: boolean };

const versionName = z
  .string()
  .transform((name) => Number(/\/versions\/(\d+)$/.exec(name)?.[1] ?? Number.NaN))
  .pipe(z.number().int().positive());

/** Every secret that is there once the first phase is through. */
export function secretsOf({ sessions, heartbeat }: SecretChoice): string[] {
  return [
    APP_SECRET,
    ...new Set(sessions.flatMap((session) => [...ownConsumer(session), sharedConsumer(session)])),
    ...sessions.map((session) => `${session}-session`),
    ...(heartbeat ? [HEARTBEAT_SECRET] : []),
  ];
}

/** A session with an account part may have consumer credentials of its own. */
function ownConsumer(session: string): string[] {
  return parseSessionKey(session)?.account == null ? [] : [`${session}-consumer`];
}

export async function existingSecrets(cloud: Cloud): Promise<readonly string[]> {
  return cloud.ask(['secrets', 'list'], {
    doing: 'list the secrets',
    schema: z
      .array(z.object({ name: z.string() }))
      .transform((secrets) => secrets.map(({ name }) => name.replace(/^.*\/secrets\//, ''))),
    whenPrinted: [],
  });
}

/** The newest that is enabled, or `null`. A disabled one is a way to go back to the one before. */
export async function newestVersion(cloud: Cloud, secret: string): Promise<number | null> {
  const numbers = await cloud.ask(
    ['secrets', 'versions', 'list', secret, '--filter=state=ENABLED'],
    {
      doing: `see which versions ${secret} has`,
      schema: z
        .array(z.object({ name: versionName }))
        .transform((versions) => versions.map(({ name }) => name)),
      whenPrinted: [],
      whenAbsent: [],
    },
  );
  return numbers.length === 0 ? null : Math.max(...numbers);
}

/** Numbers of those that have a version; `needed` lacks one as long as `missing` is not empty. */
export type Numbers = {
  readonly numbers: Readonly<Record<string, string>>;
  readonly missing: readonly string[];
};

export async function numberSecrets(cloud: Cloud, choice: SecretChoice): Promise<Numbers> {
  const numbers: Record<string, string> = {};
  const missing: string[] = [];
  const look = async (secret: string): Promise<boolean> => {
    if (numbers[secret] !== undefined) return true;
    const version = await newestVersion(cloud, secret);
    if (version === null) return false;
    numbers[secret] = String(version);
    return true;
  };
  const need = async (secret: string): Promise<void> => {
    if (!missing.includes(secret) && !(await look(secret))) missing.push(secret);
  };
  await need(APP_SECRET);
  for (const session of choice.sessions) {
    const [own] = ownConsumer(session);
    if (own === undefined || !(await look(own))) await need(sharedConsumer(session));
  }
  if (choice.heartbeat) await need(HEARTBEAT_SECRET);
  return { numbers, missing };
}

/**
 * @param input `value` is `null` only when printed, when `hint` says what to type
 * @returns the version's number; 1 when printed
 */
export async function addVersion(
  cloud: Cloud,
  secret: string,
  { value, hint }: { readonly value: Secret | null; readonly hint: string },
): Promise<number> {
  const doing = `add a version to ${secret}`;
  const stdout = await cloud.change(
    ['secrets', 'versions', 'add', secret, '--data-file=-', '--format=json'],
    { doing, ...(value === null ? {} : { input: value }), inputHint: `# ${hint}\ncat` },
  );
  if (cloud.isPrinted) return 1;
  const schema = z.object({ name: versionName });
  return readAnswer(stdout, { doing, schema }).name;
}
