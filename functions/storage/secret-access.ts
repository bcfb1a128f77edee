/**
 * Secret Manager as this room needs it: secrets with annotations, versions with a checked payload.
 *
 * Answers values for what is expected (missing, conflict, destroyed) and throws `StoreError` for the rest.
 * Knows nothing of sessions. One client an instance: `compose.ts` makes one and hands it to the store and
 * the mirror.
 */

import type { protos, SecretManagerServiceClient } from '@google-cloud/secret-manager';
import { StoreError } from '../errors.ts';
import { crc32c } from './crc32c.ts';
import { infoOf, isNumber, numberIn, sameTexts, textOf, versionInfoOf } from './secret-answers.ts';
import {
  type CallResult,
  createSecretCalls,
  type GoogleCallOptions,
  type MakeCall,
  type SecretCallOptions,
} from './secret-calls.ts';
import { CODE } from './secret-failure.ts';

export type Annotations = Readonly<Record<string, string>>;

/** A secret without its payloads. `etag` proves at the next write that nobody wrote in between. */
export type SecretInfo = {
  readonly etag: string;
  readonly annotations: Annotations;
  readonly labels: Readonly<Record<string, string>>;
};

export type SecretVersionInfo = {
  readonly version: number;
  readonly state: 'usable' | 'disabled' | 'destroyed';
  readonly createdAt: number;
};

export type SecretAccess = {
  /** `null` when there is no such secret. May lag behind by minutes. */
  get(secret: string): Promise<SecretInfo | null>;
  /**
   * What a writer sees: reads through a write that puts back the labels just read and so changes nothing but
   * the etag, which makes other writers read again.
   */
  getFresh(secret: string, seen: SecretInfo): Promise<SecretInfo | null>;
  /** All secrets whose id ends so, by id. Needs the project's `secretmanager.secrets.list`. */
  listSecrets(idEnd: string): Promise<ReadonlyMap<string, SecretInfo>>;
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
type Payload = protos.google.cloud.secretmanager.v1.ISecretPayload;

/** A damaged payload is read this often in all: a flipped bit on the way is not one on the disk. */
const READS_OF_DAMAGED = 2;

/** Records come along, so a page may weigh a few megabytes. */
const SECRETS_A_PAGE = 250;

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

  /** `null` when what is listed does not exist. */
  async function listAll<T>(
    method: 'listSecrets' | 'listSecretVersions',
    secret: string,
    sendPage: (
      client: SecretManagerServiceClient,
      how: GoogleCallOptions,
      pageToken: string,
    ) => Promise<{ page: readonly T[]; next: string | null | undefined }>,
  ): Promise<readonly T[] | null> {
    const listed: T[] = [];
    let pageToken: string | null | undefined = '';
    do {
      const wanted: string = pageToken;
      const answer = await call({
        method,
        secret,
        expected: [CODE.notFound],
        send: (client, how) => sendPage(client, how, wanted),
      });
      if (!answer.ok) return null;
      listed.push(...answer.value.page);
      pageToken = answer.value.next;
    } while (pageToken);
    return listed;
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

    async getFresh(secret, { labels }) {
      const updated = await call({
        method: 'updateSecret',
        secret,
        expected: [CODE.notFound],
        send: async (client, how) => {
          const wanted = { name: nameOf(secret), labels };
          return (
            await client.updateSecret({ secret: wanted, updateMask: { paths: ['labels'] } }, how)
          )[0];
        },
      });
      return updated.ok ? infoOf(secret, updated.value) : null;
    },

    async listSecrets(idEnd) {
      const listed = await listAll('listSecrets', `*${idEnd}`, async (client, how, pageToken) => {
        const wanted = { parent, filter: `name:${idEnd}`, pageSize: SECRETS_A_PAGE, pageToken };
        const [page, , answer] = await client.listSecrets(wanted, how);
        return { page, next: answer?.nextPageToken };
      });
      const infos = (listed ?? []).map((secret) => {
        const id = secret.name?.split('/').at(-1) ?? '';
        return [id, infoOf(id, secret)] as const;
      });
      return new Map(infos.filter(([id]) => id.endsWith(idEnd)));
    },

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
      const listed = await listAll('listSecretVersions', secret, async (client, how, pageToken) => {
        const wanted = { parent: nameOf(secret), pageToken };
        const [page, , answer] = await client.listSecretVersions(wanted, how);
        return { page, next: answer?.nextPageToken };
      });
      if (listed === null) return null;
      const versions = listed.map((version) => versionInfoOf(secret, version));
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
