import { createMemoryStore } from '../../functions/storage/memory.ts';
import { describeSessionStore } from '../contracts/session-store.contract.ts';
import { ny } from '../fixtures/records.ts';

describeSessionStore('memory', async () => {
  const now = ny('08:31');
  const store = createMemoryStore({ clock: () => now });
  return { store, other: store, now, close: async () => {} };
});
