/**
 * Which of Secret Manager's methods a request means, and what it is about.
 *
 * Knows addresses and nothing of what they do. Regional secrets (`/locations/`) are not played. Used by
 * the stand-in and its quotas.
 *
 * @see https://docs.cloud.google.com/secret-manager/docs/reference/rest
 */

import { z } from 'zod';

const METHODS = {
  listSecrets: { http: 'GET', kind: 'read', permission: 'secretmanager.secrets.list' },
  createSecret: { http: 'POST', kind: 'write', permission: 'secretmanager.secrets.create' },
  getSecret: { http: 'GET', kind: 'read', permission: 'secretmanager.secrets.get' },
  updateSecret: { http: 'PATCH', kind: 'write', permission: 'secretmanager.secrets.update' },
  deleteSecret: { http: 'DELETE', kind: 'write', permission: 'secretmanager.secrets.delete' },
  addSecretVersion: { http: 'POST', kind: 'write', permission: 'secretmanager.versions.add' },
  listSecretVersions: { http: 'GET', kind: 'read', permission: 'secretmanager.versions.list' },
  getSecretVersion: { http: 'GET', kind: 'read', permission: 'secretmanager.versions.get' },
  accessSecretVersion: { http: 'GET', kind: 'access', permission: 'secretmanager.versions.access' },
  enableSecretVersion: { http: 'POST', kind: 'write', permission: 'secretmanager.versions.enable' },
  disableSecretVersion: {
    http: 'POST',
    kind: 'write',
    permission: 'secretmanager.versions.disable',
  },
  destroySecretVersion: {
    http: 'POST',
    kind: 'write',
    permission: 'secretmanager.versions.destroy',
  },
  getIamPolicy: { http: 'GET', kind: 'read', permission: 'secretmanager.secrets.getIamPolicy' },
  setIamPolicy: { http: 'POST', kind: 'write', permission: 'secretmanager.secrets.setIamPolicy' },
  testIamPermissions: { http: 'POST', kind: 'read', permission: '' },
} as const;

export type Method = keyof typeof METHODS;

/** For settings that name a method. */
export const methodSchema = z.enum(Object.keys(METHODS) as [Method, ...Method[]]);

export type Call = {
  readonly method: Method;
  readonly project: string;
  /** Empty for the methods of a whole project. */
  readonly secret: string;
  /** Number, alias or "latest" as asked for; empty where there is none. */
  readonly version: string;
};

export function kindOf(method: Method): 'read' | 'write' | 'access' {
  return METHODS[method].kind;
}

/** The IAM permission that a method asks for. */
export function permissionOf(method: Method): string {
  return METHODS[method].permission;
}

const PATH =
  /^\/v1\/projects\/([^/:]+)\/secrets(?:\/([^/:]+)(?:\/(versions)(?:\/([^/:]+))?)?)?(?::(\w+))?$/;

/** `null` when no method is at that address. */
export function routeOf(http: string, path: string): Call | null {
  const match = PATH.exec(decodeURIComponent(path));
  if (match === null) return null;
  const [, project = '', secret = '', versions = '', version = '', verb = ''] = match;
  const method = methodAt(http, { secret, versions, version, verb });
  return method === null ? null : { method, project, secret, version };
}

function methodAt(
  http: string,
  at: { secret: string; versions: string; version: string; verb: string },
): Method | null {
  const candidate = candidateAt(http, at);
  return candidate !== null && METHODS[candidate].http === http ? candidate : null;
}

function candidateAt(
  http: string,
  at: { secret: string; versions: string; version: string; verb: string },
): Method | null {
  if (at.version !== '') {
    if (at.verb === '') return 'getSecretVersion';
    const verb = methodSchema.safeParse(`${at.verb}SecretVersion`);
    return verb.success && at.verb !== 'add' && at.verb !== 'get' ? verb.data : null;
  }
  if (at.versions !== '') return at.verb === '' ? 'listSecretVersions' : null;
  if (at.secret === '') {
    if (at.verb !== '') return null;
    return http === 'POST' ? 'createSecret' : 'listSecrets';
  }
  if (at.verb === 'addVersion') return 'addSecretVersion';
  if (at.verb !== '') {
    return at.verb === 'getIamPolicy' ||
      at.verb === 'setIamPolicy' ||
      at.verb === 'testIamPermissions'
      ? at.verb
      : null;
  }
  if (http === 'PATCH') return 'updateSecret';
  return http === 'DELETE' ? 'deleteSecret' : 'getSecret';
}
