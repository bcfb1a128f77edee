/**
 * Does one call: the method's parameters in, the JSON of its answer out, or a `Refusal`.
 *
 * No HTTP, no faults, no quotas: those are `stand-in.ts`. Used by it alone.
 */

import { z } from 'zod';
import { readEtag, readNewSecret, readPayload, readUpdate } from './bodies.ts';
import type { Book, SeenSecret, SeenVersion } from './book.ts';
import { parseFilter } from './filter.ts';
import { Refusal } from './refusal.ts';
import { type Enums, secretResource, versionResource } from './resources.ts';
import type { Call } from './routes.ts';

export type Query = Pick<URLSearchParams, 'get'>;

export type CallAnswer = { readonly json: unknown; readonly changed: boolean };

type World = {
  readonly book: Book;
  readonly clock: () => number;
  readonly pageSize: number;
  readonly corrupt: boolean;
};

/** More than this in a page is never given, whatever is asked. */
const PAGE_LIMIT = 25_000;

/** @throws {Refusal} */
export function answerCall(
  call: Call & { readonly projectNumber: string },
  body: unknown,
  query: Query,
  world: World,
): CallAnswer {
  const { book, clock } = world;
  const enums: Enums = query.get('$alt')?.includes('enum-encoding=int') ? 'numbers' : 'words';
  const parent = `projects/${call.projectNumber}/secrets`;
  const secretJson = ({ id, facts }: SeenSecret) => secretResource(`${parent}/${id}`, facts);
  const versionName = (number: number) => `${parent}/${call.secret}/versions/${number}`;
  const versionJson = ({ number, facts, version }: SeenVersion) =>
    versionResource(versionName(number), facts, version, enums);
  const read = (json: unknown): CallAnswer => ({ json, changed: false });
  const changed = (json: unknown): CallAnswer => ({ json, changed: true });
  const setState = (state: 'ENABLED' | 'DISABLED' | 'DESTROYED'): CallAnswer =>
    changed(versionJson(book.setState(call.secret, call.version, state, readEtag(body))));

  switch (call.method) {
    case 'createSecret': {
      const fresh = readNewSecret(body, clock());
      return changed(secretJson(book.create(call.secret, fresh)));
    }
    case 'getSecret':
      return read(secretJson(book.get(call.secret)));
    case 'updateSecret': {
      const update = readUpdate(body, query.get('updateMask'), clock());
      return changed(secretJson(book.update(call.secret, update)));
    }
    case 'deleteSecret':
      book.remove(call.secret, query.get('etag') || null);
      return changed({});
    case 'listSecrets': {
      const wanted = parseFilter(query.get('filter') ?? '');
      const secrets = book
        .list()
        .filter(({ id, facts }) => wanted({ ...facts, name: id, state: null }));
      const page = pageOf(secrets, query, world.pageSize);
      return read({ secrets: page.items.map(secretJson), ...page.rest });
    }
    case 'addSecretVersion':
      return changed(versionJson(book.addVersion(call.secret, readPayload(body))));
    case 'getSecretVersion':
      return read(versionJson(book.getVersion(call.secret, call.version)));
    case 'listSecretVersions': {
      const wanted = parseFilter(query.get('filter') ?? '');
      const versions = book
        .listVersions(call.secret)
        .filter(({ number, facts }) =>
          wanted({ ...facts, name: String(number), labels: {}, annotations: {} }),
        );
      const page = pageOf(versions, query, world.pageSize);
      return read({ versions: page.items.map(versionJson), ...page.rest });
    }
    case 'accessSecretVersion': {
      const { number, data, checksum } = book.access(call.secret, call.version);
      const payload = { data: world.corrupt ? damaged(data) : data, dataCrc32c: checksum };
      return read({ name: versionName(number), payload });
    }
    case 'enableSecretVersion':
      return setState('ENABLED');
    case 'disableSecretVersion':
      return setState('DISABLED');
    case 'destroySecretVersion':
      return setState('DESTROYED');
    case 'getIamPolicy':
      return read(book.policy(call.secret));
    case 'setIamPolicy':
      return changed(book.setPolicy(call.secret, policyIn(body)));
    case 'testIamPermissions':
      return read(body);
  }
}

/** One page, with `nextPageToken` when there are more and `totalSize` when nothing was filtered. */
function pageOf<T>(
  items: readonly T[],
  query: Query,
  defaultSize: number,
): { items: readonly T[]; rest: Record<string, unknown> } {
  const asked = Number(query.get('pageSize') ?? 0);
  if (!Number.isInteger(asked) || asked < 0) {
    throw new Refusal('INVALID_ARGUMENT', 'The page size must not be negative.');
  }
  const size = Math.min(asked === 0 ? defaultSize : asked, PAGE_LIMIT);
  const from = offsetOf(query.get('pageToken') ?? '');
  const next = from + size;
  const token = Buffer.from(`from ${next}`).toString('base64url');
  return {
    items: items.slice(from, next),
    rest: {
      ...(next < items.length ? { nextPageToken: token } : {}),
      ...(query.get('filter') ? {} : { totalSize: items.length }),
    },
  };
}

function offsetOf(token: string): number {
  if (token === '') return 0;
  const match = /^from (\d+)$/.exec(Buffer.from(token, 'base64url').toString());
  if (match === null) throw new Refusal('INVALID_ARGUMENT', 'The page token is not one of ours.');
  return Number(match[1]);
}

/** The payload with one bit changed, under the old checksum. */
function damaged(data: string): string {
  const bytes = Buffer.from(data, 'base64');
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  return bytes.toString('base64');
}

function policyIn(body: unknown): Record<string, unknown> {
  const parsed = z.object({ policy: z.record(z.string(), z.unknown()) }).safeParse(body);
  if (!parsed.success) throw new Refusal('INVALID_ARGUMENT', 'A policy is required.');
  return parsed.data.policy;
}
