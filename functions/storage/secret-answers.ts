/**
 * Reads what Secret Manager answers: secrets, versions and payloads, in the client's own shapes.
 *
 * Pure. Never lets a payload into an error. Used by `secret-access.ts`.
 */

import type { protos } from '@google-cloud/secret-manager';
import { StoreError } from '../errors.ts';
import { crc32c } from './crc32c.ts';
import type { Annotations, SecretInfo, SecretVersionInfo } from './secret-access.ts';

type Secret = protos.google.cloud.secretmanager.v1.ISecret;
type Version = protos.google.cloud.secretmanager.v1.ISecretVersion;
type Payload = protos.google.cloud.secretmanager.v1.ISecretPayload;

export function isNumber(version: number): boolean {
  return Number.isSafeInteger(version) && version >= 1;
}

export function unreadable(secret: string): StoreError {
  return new StoreError(`Secret Manager's answer about secret "${secret}" cannot be read`, {
    code: 'STORE_UNAVAILABLE',
    retryable: true,
  });
}

export function infoOf(secret: string, { etag, annotations, labels }: Secret): SecretInfo {
  // A write without an etag would overwrite whatever is there.
  if (!etag) throw unreadable(secret);
  return { etag, annotations: annotations ?? {}, labels: labels ?? {} };
}

/** The number at the end of `projects/…/secrets/…/versions/17`. */
export function numberIn(secret: string, name: string | null | undefined): number {
  const number = Number(/\/versions\/(\d+)$/.exec(name ?? '')?.[1]);
  if (!isNumber(number)) throw unreadable(secret);
  return number;
}

export function versionInfoOf(secret: string, version: Version): SecretVersionInfo {
  const { seconds, nanos } = version.createTime ?? {};
  return {
    version: numberIn(secret, version.name),
    state: stateOf(version),
    createdAt: Number(seconds ?? 0) * 1_000 + Math.floor((nanos ?? 0) / 1_000_000),
  };
}

export function stateOf(version: Version): SecretVersionInfo['state'] {
  // With a delay on destroying, a version is disabled first and destroyed by itself later.
  if (version.state === 'DESTROYED' || version.scheduledDestroyTime) return 'destroyed';
  return version.state === 'ENABLED' ? 'usable' : 'disabled';
}

/** `null` when the payload does not match its checksum. */
export function textOf({ data, dataCrc32c }: Payload): string | null {
  const bytes = typeof data === 'string' ? Buffer.from(data, 'base64') : Buffer.from(data ?? []);
  if (dataCrc32c !== undefined && dataCrc32c !== null) {
    if (String(crc32c(bytes)) !== String(dataCrc32c)) return null;
  }
  return bytes.toString('utf8');
}

export function sameTexts(a: Annotations, b: Annotations): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
