/**
 * The secrets of one project: what is true, and what is seen by someone who looks `lagMs` later.
 *
 * Only "access by number" and every precondition are judged by the truth; all else shows the past when
 * there is a lag. A change moves the etag of its own resource alone. Used by the stand-in.
 *
 * @see https://docs.cloud.google.com/secret-manager/docs/reference/consistency
 */

import type { NewPayload, SecretChange } from './bodies.ts';
import { added, asOf, current, startHistory } from './history.ts';
import { checkAliases, checkSecretId } from './limits.ts';
import { Refusal } from './refusal.ts';
import {
  type BookSnapshot,
  bookSnapshot,
  type SecretFacts,
  type StoredSecret,
  type StoredVersion,
  type VersionFacts,
} from './state.ts';

export type SeenVersion = {
  readonly number: number;
  readonly facts: VersionFacts;
  readonly version: StoredVersion;
};

export type SeenSecret = { readonly id: string; readonly facts: SecretFacts };

export type Book = ReturnType<typeof createBook>;

export function createBook(options: {
  readonly clock: () => number;
  readonly lag: () => number;
  readonly snapshot: unknown;
}) {
  const { clock, lag } = options;
  const saved: BookSnapshot =
    options.snapshot === undefined || options.snapshot === null
      ? { etags: 0, secrets: [] }
      : bookSnapshot.parse(options.snapshot);
  const secrets = new Map(saved.secrets.map((secret) => [secret.id, secret]));
  let etags = saved.etags;

  function nextEtag(): string {
    etags += 1;
    return `"${(0x16_00_00_00_00_00_00 + etags * 0x9e37).toString(16)}"`;
  }

  /** A secret past its expiry is gone; a version past its delay is destroyed. */
  function settle(): void {
    const now = clock();
    for (const secret of secrets.values()) {
      const { expiresAt } = current(secret.facts);
      if (expiresAt !== null && expiresAt <= now) secrets.delete(secret.id);
      for (const version of secret.versions) {
        const { destroyDueAt } = current(version.facts);
        if (destroyDueAt !== null && destroyDueAt <= now) destroyNow(version, destroyDueAt);
      }
    }
  }

  function secretOf(id: string): StoredSecret {
    settle();
    const secret = secrets.get(id);
    if (secret === undefined) throw new Refusal('NOT_FOUND', `Secret [${id}] not found.`);
    return secret;
  }

  function versionAt(id: string, number: number): StoredVersion {
    const version = secretOf(id).versions[number - 1];
    if (version === undefined) {
      throw new Refusal('NOT_FOUND', `Secret Version [${id}/versions/${number}] not found.`);
    }
    return version;
  }

  /** Versions that somebody sees now, oldest first. */
  function seenVersions(id: string): SeenVersion[] {
    const at = clock() - lag();
    return secretOf(id).versions.flatMap((version, index) =>
      current(version.facts).createdAt > at
        ? []
        : [{ number: index + 1, facts: asOf(version.facts, at), version }],
    );
  }

  /** What "3", "latest" or an alias means: the number itself, or what the past says. */
  function numberOf(id: string, version: string): number {
    if (/^[1-9]\d*$/.test(version)) return Number(version);
    const number =
      version === 'latest'
        ? seenVersions(id).at(-1)?.number
        : Number(asOf(secretOf(id).facts, clock() - lag()).versionAliases[version]);
    if (number === undefined || Number.isNaN(number)) {
      throw new Refusal('NOT_FOUND', `Secret [${id}] has no version "${version}".`);
    }
    return number;
  }

  function changeVersion(version: StoredVersion, changes: Partial<VersionFacts>): VersionFacts {
    const facts = { ...current(version.facts), ...changes, etag: nextEtag() };
    version.facts = added(version.facts, clock(), facts);
    return facts;
  }

  function destroyNow(version: StoredVersion, at: number): VersionFacts {
    version.payload = null;
    return changeVersion(version, { state: 'DESTROYED', destroyedAt: at, destroyDueAt: null });
  }

  function checkEtag(given: string | null, etag: string): void {
    if (given !== null && given !== etag) {
      throw new Refusal('FAILED_PRECONDITION', 'The etag does not match the stored one.');
    }
  }

  return {
    create(id: string, { facts }: SecretChange): SeenSecret {
      settle();
      checkSecretId(id);
      if (secrets.has(id)) throw new Refusal('ALREADY_EXISTS', `Secret [${id}] already exists.`);
      const now = clock();
      const whole = { ...EMPTY_FACTS, ...facts, createdAt: now, etag: nextEtag() };
      checkAliases(whole.versionAliases, 0);
      secrets.set(id, { id, facts: startHistory(now, whole), versions: [], policy: {} });
      return { id, facts: whole };
    },

    get(id: string): SeenSecret {
      return { id, facts: asOf(secretOf(id).facts, clock() - lag()) };
    },

    /** Newest first. */
    list(): readonly SeenSecret[] {
      settle();
      const at = clock() - lag();
      return [...secrets.values()]
        .filter(({ facts }) => current(facts).createdAt <= at)
        .map(({ id, facts }) => ({ id, facts: asOf(facts, at) }))
        .reverse();
    },

    update(id: string, { etag, facts }: SecretChange): SeenSecret {
      const secret = secretOf(id);
      const before = current(secret.facts);
      checkEtag(etag, before.etag);
      const after = { ...before, ...facts, etag: nextEtag() };
      checkAliases(after.versionAliases, secret.versions.length);
      secret.facts = added(secret.facts, clock(), after);
      return { id, facts: after };
    },

    remove(id: string, etag: string | null): void {
      checkEtag(etag, current(secretOf(id).facts).etag);
      secrets.delete(id);
    },

    addVersion(id: string, payload: NewPayload): SeenVersion {
      const { versions } = secretOf(id);
      const facts: VersionFacts = {
        etag: nextEtag(),
        createdAt: clock(),
        state: 'ENABLED',
        destroyedAt: null,
        destroyDueAt: null,
      };
      const version = { facts: startHistory(clock(), facts), payload };
      return { number: versions.push(version), facts, version };
    },

    /** A version's metadata: they lag, and a version may not be seen yet. */
    getVersion(id: string, asked: string): SeenVersion {
      const number = numberOf(id, asked);
      const seen = seenVersions(id).find((candidate) => candidate.number === number);
      if (seen === undefined) {
        throw new Refusal('NOT_FOUND', `Secret Version [${id}/versions/${number}] not found.`);
      }
      return seen;
    },

    /** Newest first. */
    listVersions: (id: string): readonly SeenVersion[] => seenVersions(id).reverse(),

    /** By number: what is true now. */
    access(id: string, asked: string): { number: number; data: string; checksum: string } {
      const number = numberOf(id, asked);
      const version = versionAt(id, number);
      const { state } = current(version.facts);
      if (state !== 'ENABLED' || version.payload === null) throw inState(id, number, state);
      const { data, checksum } = version.payload;
      return { number, data, checksum };
    },

    /** Enables, disables or destroys; a destroyed version stays so. */
    setState(
      id: string,
      asked: string,
      state: 'ENABLED' | 'DISABLED' | 'DESTROYED',
      etag: string | null,
    ): SeenVersion {
      const number = numberOf(id, asked);
      const version = versionAt(id, number);
      const before = current(version.facts);
      checkEtag(etag, before.etag);
      if (before.state === 'DESTROYED') throw inState(id, number, before.state);
      const delay = current(secretOf(id).facts).versionDestroyTtlMs;
      if (state !== 'DESTROYED') {
        return { number, version, facts: changeVersion(version, { state, destroyDueAt: null }) };
      }
      const now = clock();
      const facts =
        delay === null
          ? destroyNow(version, now)
          : changeVersion(version, { state: 'DISABLED', destroyDueAt: now + delay });
      return { number, version, facts };
    },

    policy: (id: string): Readonly<Record<string, unknown>> => secretOf(id).policy,

    setPolicy(id: string, policy: Record<string, unknown>): Readonly<Record<string, unknown>> {
      secretOf(id).policy = policy;
      return policy;
    },

    snapshot: (): BookSnapshot => structuredClone({ etags, secrets: [...secrets.values()] }),
  };
}

const EMPTY_FACTS = {
  expiresAt: null,
  labels: {},
  annotations: {},
  versionAliases: {},
  topics: [],
  replication: {},
  rotation: null,
  versionDestroyTtlMs: null,
};

function inState(id: string, number: number, state: string): Refusal {
  return new Refusal(
    'FAILED_PRECONDITION',
    `Secret Version [${id}/versions/${number}] is in ${state} state.`,
  );
}
