import {
  describeSessionStore,
  describeSharedDocuments,
  type Planted,
  type SharedStoreHarness,
} from '../contracts/session-store.contract.ts';
import { startSecretManager } from '../fixtures/secret-manager.ts';

/** Two processes: each handle has its own client, as two instances have. */
async function makeHarness(createMissing: boolean): Promise<SharedStoreHarness> {
  const server = await startSecretManager({ pageSize: 3 });
  if (!createMissing) {
    for (const id of ['etrade-sandbox-session', 'etrade-prod-session', 'token-cadence-app']) {
      await server.createSecret(id);
    }
  }

  async function plant(place: Planted, text: string): Promise<void> {
    const id = place.kind === 'service' ? 'token-cadence-app' : `${place.session}-session`;
    if (place.kind !== 'token') {
      const changed = { annotations: { record: text } };
      await server.send('PATCH', `/${id}?updateMask=annotations`, changed);
      server.moment.now += 60_000;
      return;
    }
    // Versions never change: the text becomes the next version, and the last one is read by that number.
    const payload = { data: Buffer.from(text).toString('base64') };
    await server.send('DELETE', `/${id}`);
    await server.createSecret(id);
    for (let version = 1; version <= place.version; version += 1) {
      await server.send('POST', `/${id}:addVersion`, { payload });
    }
  }

  return {
    store: server.store({ createMissing }),
    other: server.store({ createMissing }),
    now: server.moment.now,
    plant,
    close: server.close,
  };
}

describeSessionStore('Secret Manager, secrets made by Terraform', () => makeHarness(false));
describeSessionStore('Secret Manager, secrets made on first use', () => makeHarness(true));
describeSharedDocuments('Secret Manager', () => makeHarness(false));
