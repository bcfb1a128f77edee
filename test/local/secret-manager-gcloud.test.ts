/** `gcloud secrets` on the stand-in: what a person types to look after the local run. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGcloud, type Gcloud, HAS_GCLOUD } from '../fixtures/gcloud.ts';
import { anActiveRecord } from '../fixtures/records.ts';
import {
  PROJECT,
  type SecretManagerServer,
  startSecretManager,
} from '../fixtures/secret-manager.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';
import { aToken, SANDBOX } from '../fixtures/tokens.ts';

const SECRET = 'etrade-sandbox-session';

describe.skipIf(!HAS_GCLOUD)(
  'gcloud secrets, pointed at the stand-in',
  () => {
    let server: SecretManagerServer;
    let gcloud: Gcloud;

    beforeEach(async () => {
      server = await startSecretManager();
      gcloud = createGcloud({
        project: PROJECT,
        directory: temporaryDirectory(),
        endpoints: { secretmanager: `${server.url}/` },
      });
    });

    afterEach(async () => {
      await server.close();
    });

    /** The answer as JSON; fails with what gcloud said. */
    async function json(...args: string[]): Promise<unknown> {
      const { ok, stdout, stderr } = await gcloud(['secrets', ...args, '--format=json']);
      expect(stderr.includes('ERROR') ? stderr : '').toBe('');
      expect(ok).toBe(true);
      return JSON.parse(stdout);
    }

    const say = (...args: string[]) => gcloud(['secrets', ...args]);

    it('makes a secret that the store then keeps its record and tokens in', async () => {
      const created = await say(
        'create',
        SECRET,
        '--replication-policy=automatic',
        '--labels=app=cadence',
      );
      expect(created.stderr).toContain(`Created secret [${SECRET}]`);
      const store = server.store();
      const version = await store.addToken(aToken());
      const { tag } = await store.load(SANDBOX);
      await store.replace(SANDBOX, tag, anActiveRecord({ version }));

      expect(await json('describe', SECRET)).toMatchObject({
        labels: { app: 'cadence' },
        annotations: { record: expect.stringContaining('"version":1') },
      });
      expect(await json('versions', 'list', SECRET)).toMatchObject([{ state: 'ENABLED' }]);
      const { stdout } = await say('versions', 'access', '1', `--secret=${SECRET}`);
      expect(JSON.parse(stdout)).toMatchObject({ session: SANDBOX, generation: 7 });
    });

    it('adds, reads, disables, enables and destroys versions', async () => {
      await say('create', SECRET, '--replication-policy=automatic');
      for (const text of ['erste', 'zweite, größer']) {
        const added = await gcloud(['secrets', 'versions', 'add', SECRET, '--data-file=-'], text);
        expect(added.stderr).toContain('Created version');
      }
      const of = `--secret=${SECRET}`;
      expect((await say('versions', 'access', 'latest', of)).stdout).toBe('zweite, größer');
      expect((await say('versions', 'disable', '1', of)).ok).toBe(true);
      expect((await say('versions', 'access', '1', of)).stderr).toContain('FAILED_PRECONDITION');
      expect((await say('versions', 'enable', '1', of)).ok).toBe(true);
      expect((await say('versions', 'access', '1', of)).stdout).toBe('erste');
      expect((await say('versions', 'destroy', '1', of)).ok).toBe(true);
      expect(await json('versions', 'describe', '1', of)).toMatchObject({ state: 'DESTROYED' });
      expect(await json('versions', 'list', SECRET)).toMatchObject([
        { state: 'ENABLED' },
        { state: 'DESTROYED' },
      ]);
    });

    it('lists, changes and deletes secrets, and says why it may not', async () => {
      await say('create', SECRET, '--replication-policy=automatic', '--set-annotations=owner=me');
      await say('create', 'other', '--replication-policy=automatic');
      expect(await json('list', '--filter=name:etrade')).toHaveLength(1);
      expect((await say('update', SECRET, '--update-labels=env=sandbox')).ok).toBe(true);
      expect(await json('describe', SECRET)).toMatchObject({
        labels: { env: 'sandbox' },
        annotations: { owner: 'me' },
      });
      expect((await say('create', SECRET, '--replication-policy=automatic')).stderr).toContain(
        'already exists',
      );
      const stale = await say('delete', SECRET, '--etag="old"');
      expect(stale.stderr).toContain('etag');
      expect((await say('delete', SECRET)).ok).toBe(true);
      expect((await say('describe', SECRET)).stderr).toContain('NOT_FOUND');
      server.standIn.deny({ method: 'listSecrets' });
      expect((await say('list')).stderr).toContain('secretmanager.secrets.list');
    });
  },
  120_000,
);
