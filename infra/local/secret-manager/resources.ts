/**
 * Secrets and versions as Secret Manager writes them in JSON, with enums as words or as numbers.
 *
 * Names carry the project's number, whatever the caller wrote, as the real ones do. Used by the
 * stand-in.
 *
 * @see https://docs.cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets
 */

import type { SecretFacts, StoredVersion, VersionFacts, VersionState } from './state.ts';

export type Enums = 'words' | 'numbers';

const STATE_NUMBERS: Readonly<Record<VersionState, number>> = {
  ENABLED: 1,
  DISABLED: 2,
  DESTROYED: 3,
};

const iso = (at: number): string => new Date(at).toISOString();

export function secretResource(name: string, facts: SecretFacts): Record<string, unknown> {
  return {
    name,
    replication: facts.replication,
    createTime: iso(facts.createdAt),
    ...unlessEmpty('labels', facts.labels),
    ...(facts.topics.length === 0 ? {} : { topics: facts.topics }),
    ...(facts.expiresAt === null ? {} : { expireTime: iso(facts.expiresAt) }),
    etag: facts.etag,
    ...(facts.rotation === null ? {} : { rotation: facts.rotation }),
    ...unlessEmpty('versionAliases', facts.versionAliases),
    ...unlessEmpty('annotations', facts.annotations),
    ...(facts.versionDestroyTtlMs === null
      ? {}
      : { versionDestroyTtl: `${facts.versionDestroyTtlMs / 1_000}s` }),
  };
}

export function versionResource(
  name: string,
  facts: VersionFacts,
  version: Pick<StoredVersion, 'payload'>,
  enums: Enums,
): Record<string, unknown> {
  return {
    name,
    createTime: iso(facts.createdAt),
    ...(facts.destroyedAt === null ? {} : { destroyTime: iso(facts.destroyedAt) }),
    state: enums === 'words' ? facts.state : STATE_NUMBERS[facts.state],
    replicationStatus: { automatic: {} },
    etag: facts.etag,
    ...(version.payload?.checksumSent === true ? { clientSpecifiedPayloadChecksum: true } : {}),
    ...(facts.destroyDueAt === null ? {} : { scheduledDestroyTime: iso(facts.destroyDueAt) }),
  };
}

function unlessEmpty(key: string, map: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.keys(map).length === 0 ? {} : { [key]: map };
}
