/**
 * A store in this process's memory, for tests and for runs that need nothing kept.
 *
 * Keeps documents, not objects: nobody shares state with it, and what the other stores refuse (size,
 * shape, a stale tag) it refuses too. Loses everything when the process ends.
 */

import type { Clock } from '../clock.ts';
import { NEW_SERVICE_RECORD } from '../lifecycle/notices.ts';
import { NEW_RECORD, type SessionKey, type SessionRecord } from '../lifecycle/session.ts';
import { decodeRecord, encodeFittingRecord } from './record-document.ts';
import { decodeService, encodeService } from './service-document.ts';
import type { Loaded, Replaced, SessionStore } from './session-store.ts';
import { decodeToken, encodeToken } from './token-document.ts';

/** A document that is replaced only by who knows its number; number 0 is "never written". */
type Slot = { number: number; text: string | null };

type Version = { text: string | null; readonly createdAt: number };

function replaceText(slot: Slot, tag: string, text: string): Replaced {
  if (tag !== String(slot.number)) return { ok: false, reason: 'conflict' };
  slot.number += 1;
  slot.text = text;
  return { ok: true, tag: String(slot.number) };
}

export function createMemoryStore(options: { readonly clock: Clock }): SessionStore {
  const records = new Map<SessionKey, Slot>();
  const versions = new Map<SessionKey, Version[]>();
  const service: Slot = { number: 0, text: null };

  function recordOf(session: SessionKey): Slot {
    const slot = records.get(session) ?? { number: 0, text: null };
    records.set(session, slot);
    return slot;
  }

  function versionsOf(session: SessionKey): Version[] {
    const list = versions.get(session) ?? [];
    versions.set(session, list);
    return list;
  }

  function load(session: SessionKey): Loaded<SessionRecord> {
    const { number, text } = recordOf(session);
    const record = text === null ? NEW_RECORD : decodeRecord(session, text);
    return { record, tag: String(number) };
  }

  return {
    load: async (session) => load(session),
    loadFresh: async (session) => load(session),
    prefetch: async () => {},

    async replace(session, tag, record) {
      return replaceText(recordOf(session), tag, encodeFittingRecord(session, record));
    },

    async addToken(token) {
      const text = encodeToken(token);
      return versionsOf(token.session).push({ text, createdAt: options.clock() });
    },

    async readToken(session, version) {
      const stored = versionsOf(session)[version - 1];
      if (stored === undefined) return { status: 'missing' };
      if (stored.text === null) return { status: 'destroyed' };
      return { status: 'found', version, token: decodeToken(session, stored.text) };
    },

    async listVersions(session) {
      return versionsOf(session).map(({ text, createdAt }, index) => ({
        version: index + 1,
        destroyed: text === null,
        createdAt,
      }));
    },

    async destroyVersion(session, version) {
      const stored = versionsOf(session)[version - 1];
      if (stored !== undefined) stored.text = null;
    },

    async loadService() {
      const { number, text } = service;
      return {
        record: text === null ? NEW_SERVICE_RECORD : decodeService(text),
        tag: String(number),
      };
    },

    async replaceService(tag, record) {
      return replaceText(service, tag, encodeService(record));
    },
  };
}
