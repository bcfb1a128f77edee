/**
 * Secret Manager as this room needs it: secrets with annotations, versions with a checked payload.
 *
 * Answers values for what is expected (missing, conflict, destroyed) and throws `StoreError` for the rest.
 * Knows nothing of sessions. One client an instance: `compose.ts` makes one and hands it to the store and
 * the mirror.
 */

import type { protos } from '@google-cloud/secret-manager';
import { StoreError } from '../errors.ts';
import { crc32c } from './crc32c.ts';
import {
  type CallResult,
  createSecretCalls,
  type MakeCall,
  type SecretCallOptions,
} from './secret-calls.ts';
import { CODE } from './secret-failure.ts';

export type Annotations = Readonly<Record<string, string>>;

/** A secret without its payloads. `etag` proves at the next write that nobody wrote in between. */
export type SecretInfo = { readonly etag: string; readonly annotations: Annotations };

export type SecretVersionInfo = {
  readonly version: number;
  readonly state: 'usable' | 'disabled' | 'destroyed';
  readonly createdAt: number;
};

export type SecretAccess = {
  /** `null` when there is no such secret. May lag behind by minutes. */
  get(secret: string): Promise<SecretInfo | null>;
  create(secret: string, annotations: Annotations): Promise<SecretInfo | 'exists'>;
  /** Replaces all annotations if nobody has changed the secret since `etag`. */
  annotate(
    secret: string,
    etag: string,
    annotations: Annotations,
  ): Promise<SecretInfo | 'conflict' | 'missing'>;
  /** Adds a version and answers its number. Never tried twice: a lost answer may leave a version behind. */
  addVersion(secret: string, text: string): Promise<number | 'missing'>;
  /** The payload of a version by number: strongly consistent. */
  readVersion(secret: string, version: number): Promise<ReadVersion>;
  /** All versions, oldest first; `null` when there is no such secret. */
  listVersions(secret: string): Promise<readonly SecretVersionInfo[] | null>;
  /** Quiet when it is gone already or never was. */
  destroyVersion(secret: string, version: number): Promise<void>;
};

export type ReadVersion =
  | { readonly status: 'found'; readonly text: string }
  /** Destroyed or disabled. */
  | { readonly status: 'unusable' }
  | { readonly status: 'missing' };

type Secret = protos.google.cloud.secretmanager.v1.ISecret;
type Version = protos.google.cloud.secretmanager.v1.ISecretVersion;
type Payload = protos.google.cloud.secretmanager.v1.ISecretPayload;

/** A damaged payload is read this often in all: a flipped bit on the way is not one on the disk. */
const READS_OF_DAMAGED = 2;

/** After a lost answer: how often the secret is looked at while it shows the state before our write. */
const LOOKS_AFTER_LOST_ANSWER = 3;
const LOOK_AGAIN_MS = 300;

export function createSecretAccess(options: SecretCallOptions): SecretAccess {
  const { wait } = options;
  const call: MakeCall = createSecretCalls(options);
  const parent = `projects/${options.project}`;
  const nameOf = (secret: string) => `${parent}/secrets/${secret}`;
  const versionNameOf = (secret: string, version: number) =>
    `${nameOf(secret)}/versions/${version}`;

  async function get(secret: string, attempts?: number): Promise<SecretInfo | null> {
    const got = await call({
      method: 'getSecret',
      secret,
      ...(attempts === undefined ? {} : { attempts }),
      expected: [CODE.notFound],
      send: async (client, how) => (await client.getSecret({ name: nameOf(secret) }, how))[0],
    });
    return got.ok ? infoOf(secret, got.value) : null;
  }

  /**
   * What became of a write whose answer was lost: done, overtaken by another's, or not to be seen yet.
   *
   * @param etag of the state before it; `null` when there was no secret
   */
  async function lookFor(
    ours: Annotations,
    secret: string,
    etag: string | null,
  ): Promise<SecretInfo | 'conflict' | 'unseen'> {
    const seen = await get(secret, 1);
    if ((seen?.etag ?? null) === etag) return 'unseen';
    return seen !== null && sameTexts(seen.annotations, ours) ? seen : 'conflict';
  }

  /** The etag was refused after a lost answer: somebody has written, and it may have been ourselves. */
  async function whoHasWritten(
    ours: Annotations,
    secret: string,
    etag: string | null,
  ): Promise<SecretInfo | 'conflict'> {
    for (let looks = 1; looks <= LOOKS_AFTER_LOST_ANSWER; looks += 1) {
      const found = await lookFor(ours, secret, etag);
      if (found !== 'unseen') return found;
      await wait(LOOK_AGAIN_MS);
    }
    throw new StoreError(
      `Nobody knows who has written secret "${secret}": an answer was lost, and it shows its old state`,
      { code: 'STORE_UNAVAILABLE', retryable: true },
    );
  }

  async function readPayload(secret: string, version: number): Promise<Payload | number> {
    const name = versionNameOf(secret, version);
    const read = await call({
      method: 'accessSecretVersion',
      secret,
      expected: [CODE.notFound, CODE.failedPrecondition],
      send: async (client, how) => (await client.accessSecretVersion({ name }, how))[0].payload,
    });
    return read.ok ? (read.value ?? {}) : read.code;
  }

  return {
    get: (secret) => get(secret),

    async create(secret, annotations) {
      const created = await call({
        method: 'createSecret',
        secret,
        expected: [CODE.alreadyExists],
        send: async (client, how) => {
          const replication = { automatic: {} };
          const wanted = { parent, secretId: secret, secret: { replication, annotations } };
          return (await client.createSecret(wanted, how))[0];
        },
      });
      if (created.ok) return infoOf(secret, created.value);
      if (!created.uncertain) return 'exists';
      const found = await whoHasWritten(annotations, secret, null);
      return found === 'conflict' ? 'exists' : found;
    },

    async annotate(secret, etag, annotations) {
      const wanted = { name: nameOf(secret), etag, annotations };
      const updateMask = { paths: ['annotations'] };
      let updated: CallResult<Secret>;
      try {
        // Safe to repeat: what was done once does not pass with this etag again.
        updated = await call({
          method: 'updateSecret',
          secret,
          expected: [CODE.failedPrecondition, CODE.aborted, CODE.notFound],
          send: async (client, how) =>
            (await client.updateSecret({ secret: wanted, updateMask }, how))[0],
        });
      } catch (error) {
        if (!(error instanceof StoreError) || error.code !== 'STORE_UNAVAILABLE') throw error;
        const found = await lookFor(annotations, secret, etag).catch(() => 'unseen' as const);
        if (found === 'unseen') throw error;
        return found;
      }
      if (updated.ok) return infoOf(secret, updated.value);
      if (updated.code === CODE.notFound) return 'missing';
      return updated.uncertain ? whoHasWritten(annotations, secret, etag) : 'conflict';
    },

    async addVersion(secret, text) {
      const data = Buffer.from(text, 'utf8');
      const payload = { data, dataCrc32c: String(crc32c(data)) };
      const added = await call({
        method: 'addSecretVersion',
        secret,
        attempts: 1,
        expected: [CODE.notFound],
        send: async (client, how) =>
          (await client.addSecretVersion({ parent: nameOf(secret), payload }, how))[0].name,
      });
      return added.ok ? numberIn(secret, added.value) : 'missing';
    },

    async readVersion(secret, version) {
      if (!isNumber(version)) return { status: 'missing' };
      for (let reads = 1; reads <= READS_OF_DAMAGED; reads += 1) {
        const payload = await readPayload(secret, version);
        if (payload === CODE.notFound) return { status: 'missing' };
        if (typeof payload === 'number') return { status: 'unusable' };
        const text = textOf(payload);
        if (text !== null) return { status: 'found', text };
      }
      throw new StoreError(
        `Version ${version} of secret "${secret}" does not read: it does not match its checksum`,
        { code: 'STORE_RECORD_INVALID', retryable: true },
      );
    },

    async listVersions(secret) {
      const versions: SecretVersionInfo[] = [];
      let pageToken: string | null | undefined = '';
      do {
        const request: { parent: string; pageToken: string } = {
          parent: nameOf(secret),
          pageToken,
        };
        const page = await call({
          method: 'listSecretVersions',
          secret,
          expected: [CODE.notFound],
          send: async (client, how) => {
            const [listed, , answer] = await client.listSecretVersions(request, how);
            return { listed, next: answer?.nextPageToken };
          },
        });
        if (!page.ok) return null;
        versions.push(...page.value.listed.map((version) => versionInfoOf(secret, version)));
        pageToken = page.value.next;
      } while (pageToken);
      return versions.sort((a, b) => a.version - b.version);
    },

    async destroyVersion(secret, version) {
      if (!isNumber(version)) return;
      const name = versionNameOf(secret, version);
      await call({
        method: 'destroySecretVersion',
        secret,
        expected: [CODE.notFound, CODE.failedPrecondition],
        send: (client, how) => client.destroySecretVersion({ name }, how),
      });
    },
  };
}

function isNumber(version: number): boolean {
  return Number.isSafeInteger(version) && version >= 1;
}

function unreadable(secret: string): StoreError {
  return new StoreError(`Secret Manager's answer about secret "${secret}" cannot be read`, {
    code: 'STORE_UNAVAILABLE',
    retryable: true,
  });
}

function infoOf(secret: string, { etag, annotations }: Secret): SecretInfo {
  // A write without an etag would overwrite whatever is there.
  if (!etag) throw unreadable(secret);
  return { etag, annotations: annotations ?? {} };
}

/** The number at the end of `projects/…/secrets/…/versions/17`. */
function numberIn(secret: string, name: string | null | undefined): number {
  const number = Number(/\/versions\/(\d+)$/.exec(name ?? '')?.[1]);
  if (!isNumber(number)) throw unreadable(secret);
  return number;
}

function versionInfoOf(secret: string, version: Version): SecretVersionInfo {
  const { seconds, nanos } = version.createTime ?? {};
  return {
    version: numberIn(secret, version.name),
    state: stateOf(version),
    createdAt: Number(seconds ?? 0) * 1_000 + Math.floor((nanos ?? 0) / 1_000_000),
  };
}

function stateOf(version: Version): SecretVersionInfo['state'] {
  // With a delay on destroying, a version is disabled first and destroyed by itself later.
  if (version.state === 'DESTROYED' || version.scheduledDestroyTime) return 'destroyed';
  return version.state === 'ENABLED' ? 'usable' : 'disabled';
}

/** `null` when the payload does not match its checksum. */
function textOf({ data, dataCrc32c }: Payload): string | null {
  const bytes = typeof data === 'string' ? Buffer.from(data, 'base64') : Buffer.from(data ?? []);
  if (dataCrc32c !== undefined && dataCrc32c !== null) {
    if (String(crc32c(bytes)) !== String(dataCrc32c)) return null;
  }
  return bytes.toString('utf8');
}

function sameTexts(a: Annotations, b: Annotations): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
