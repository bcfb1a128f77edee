/**
 * Which of Secret Manager's methods a request means, and what it is about.
 *
 * Knows addresses and permissions, nothing of what the methods do. Regional secrets (`/locations/`) are
 * not played. Used by the stand-in, its quotas and its faults.
 *
 * @see https://docs.cloud.google.com/secret-manager/docs/reference/rest
 */

import { z } from 'zod';

type Kind = 'read' | 'write' | 'access';

/** Each method with its address, the quota it counts in, and the IAM permission it asks for. */
const METHODS = {
  listSecrets: ['GET secrets', 'read', 'secretmanager.secrets.list'],
  createSecret: ['POST secrets', 'write', 'secretmanager.secrets.create'],
  getSecret: ['GET secret', 'read', 'secretmanager.secrets.get'],
  updateSecret: ['PATCH secret', 'write', 'secretmanager.secrets.update'],
  deleteSecret: ['DELETE secret', 'write', 'secretmanager.secrets.delete'],
  addSecretVersion: ['POST secret:addVersion', 'write', 'secretmanager.versions.add'],
  listSecretVersions: ['GET versions', 'read', 'secretmanager.versions.list'],
  getSecretVersion: ['GET version', 'read', 'secretmanager.versions.get'],
  accessSecretVersion: ['GET version:access', 'access', 'secretmanager.versions.access'],
  enableSecretVersion: ['POST version:enable', 'write', 'secretmanager.versions.enable'],
  disableSecretVersion: ['POST version:disable', 'write', 'secretmanager.versions.disable'],
  destroySecretVersion: ['POST version:destroy', 'write', 'secretmanager.versions.destroy'],
  getIamPolicy: ['GET secret:getIamPolicy', 'read', 'secretmanager.secrets.getIamPolicy'],
  setIamPolicy: ['POST secret:setIamPolicy', 'write', 'secretmanager.secrets.setIamPolicy'],
  testIamPermissions: ['POST secret:testIamPermissions', 'read', ''],
} as const satisfies Record<string, readonly [string, Kind, string]>;

export type Method = keyof typeof METHODS;

const names = Object.keys(METHODS) as [Method, ...Method[]];

/** For settings that name a method. */
export const methodSchema = z.enum(names);

export type Call = {
  readonly method: Method;
  readonly project: string;
  /** Empty for the list of all. */
  readonly secret: string;
  /** Number, alias or "latest" as asked for; empty where there is none. */
  readonly version: string;
};

export function kindOf(method: Method): Kind {
  return METHODS[method][1];
}

export function permissionOf(method: Method): string {
  return METHODS[method][2];
}

const PATH =
  /^\/v1\/projects\/([^/:]+)\/secrets(?:\/([^/:]+)(?:\/(versions)(?:\/([^/:]+))?)?)?(:\w+)?$/;

/** `null` when no method is at that address. */
export function routeOf(http: string, path: string): Call | null {
  const match = PATH.exec(decoded(path));
  if (match === null) return null;
  const [, project = '', secret = '', versions = '', version = '', verb = ''] = match;
  const resource = version ? 'version' : versions || (secret ? 'secret' : 'secrets');
  const address = `${http} ${resource}${verb}`;
  const method = names.find((name) => METHODS[name][0] === address);
  return method === undefined ? null : { method, project, secret, version };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '';
  }
}
