/**
 * The part of the settings that says where things are kept and told: store, daily copies, events, heartbeat.
 *
 * Reads variables only through the reader it is handed. Used by `config.ts`.
 */

import type { VariableName } from './config-names.ts';
import { Secret } from './secret.ts';
import type { BackupSettings, EventSettings, StoreSettings } from './settings.ts';

/** As the backup's own file asks for. */
const BACKUP_PASSPHRASE_MIN = 12;

/** How single variables are read; `missing` notes the problem. */
export type Reader = {
  readonly text: (name: VariableName) => string | null;
  /** As it was given: sent or compared to the letter. */
  readonly address: (name: VariableName) => string | null;
  /** What paths are appended to. */
  readonly url: (name: VariableName) => string | null;
  readonly missing: (name: VariableName, what: string) => string;
};

/** Google's store unless a folder is named. */
export function readStore(variables: Reader): StoreSettings {
  const { text, url, missing } = variables;
  const directory = text('STORE_DIRECTORY');
  if (directory === null) {
    const apiUrl = url('SECRET_MANAGER_API_URL');
    return { kind: 'secret-manager', project: cloudProject(variables), apiUrl };
  }
  const passphrase = text('STORE_PASSPHRASE');
  if (passphrase !== null) return { kind: 'file', directory, passphrase: new Secret(passphrase) };
  const keyFile =
    text('STORE_KEY_FILE') ?? missing('STORE_KEY_FILE', 'the key file, or set "STORE_PASSPHRASE"');
  return { kind: 'file', directory, keyFile };
}

/** No daily copy unless a folder is named. */
export function readBackup({ text, missing }: Reader, problems: string[]): BackupSettings | null {
  const directory = text('BACKUP_DIRECTORY');
  if (directory === null) return null;
  const passphrase =
    text('BACKUP_PASSPHRASE') ?? missing('BACKUP_PASSPHRASE', 'what encrypts the daily copies');
  if (passphrase !== '' && passphrase.length < BACKUP_PASSPHRASE_MIN) {
    problems.push(`"BACKUP_PASSPHRASE" has less than ${BACKUP_PASSPHRASE_MIN} characters`);
  }
  return { directory, passphrase: new Secret(passphrase) };
}

/** No dead-man switch unless its address is named: as it was written, for services that mind a last slash. */
export function readHeartbeat(reader: Reader, problems: string[]): Secret | null {
  const address = reader.address('HEARTBEAT_URL');
  if (address === null) return null;
  const { username, password } = URL.parse(address) ?? { username: '', password: '' };
  if (username !== '' || password !== '') {
    problems.push('"HEARTBEAT_URL" holds a user name or password: only addresses that need none');
  }
  return new Secret(address);
}

/** A Pub/Sub topic unless an address is named. */
export function readEvents(variables: Reader): EventSettings {
  const address = variables.address('EVENTS_URL');
  if (address !== null) return { kind: 'http', url: address };
  const topic = variables.text('EVENTS_TOPIC') ?? 'token-renewed';
  const reports = variables.text('WORKER_REPORTS_SUBSCRIPTION') ?? 'worker-reports-health';
  return {
    kind: 'pubsub',
    project: cloudProject(variables),
    topic,
    reports: reports === 'off' ? null : reports,
  };
}

function cloudProject({ text, missing }: Reader): string {
  const name = 'GOOGLE_CLOUD_PROJECT';
  return text(name) ?? missing(name, 'the project of Secret Manager and Pub/Sub');
}
