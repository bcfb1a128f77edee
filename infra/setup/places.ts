/**
 * Names of what the scripts themselves make or read in a project: everything else is Terraform's.
 *
 * A table, no behaviour. `cloudbuild.yaml` knows the same names; a test keeps them equal.
 */

import { variablePrefix } from '../../functions/config.ts';
import { parseSessionKey } from '../../functions/lifecycle/session.ts';

export type Places = {
  readonly project: string;
  /** Bucket of Terraform's state and of the settings: the account that builds has no right there. */
  readonly bucket: string;
  /** Bucket of the uploaded sources and of what was built of them. */
  readonly buildsBucket: string;
  readonly settings: string;
  readonly outputs: string;
  /** Which version of the app's secret a test message was sent with. */
  readonly testMessage: string;
  readonly state: string;
  readonly sources: string;
  readonly buildAccount: string;
  readonly deployAccount: string;
};

export function placesOf(project: string, bucket = `${project}-terraform`): Places {
  const folder = `gs://${bucket}/token-cadence`;
  const buildsBucket = `${bucket}-builds`;
  return {
    project,
    bucket,
    buildsBucket,
    settings: `${folder}/settings.tfvars.json`,
    outputs: `${folder}/outputs.json`,
    testMessage: `${folder}/test-message.json`,
    state: `${folder}/default.tfstate`,
    sources: `gs://${buildsBucket}/sources`,
    buildAccount: `${BUILD_ACCOUNT}@${project}.iam.gserviceaccount.com`,
    deployAccount: `${DEPLOY_ACCOUNT}@${project}.iam.gserviceaccount.com`,
  };
}

export const DEFAULT_REGION = 'us-central1';
export const DEFAULT_SESSIONS: readonly string[] = ['etrade-sandbox'];

const BUILD_ACCOUNT = 'tc-build';
const DEPLOY_ACCOUNT = 'tc-deploy';

/** Of the account that builds, on the project. */
export const BUILD_ONLY_ROLES: readonly string[] = ['roles/logging.logWriter'];

/** Of the same on the bucket of the builds. What is there it cannot replace: later deployments use it. */
export const BUILD_ONLY_BUCKET_ROLES: readonly string[] = [
  'roles/storage.objectViewer',
  'roles/storage.objectCreator',
];

/** On every deployment, so that other builds of the same project are left alone. */
export const BUILD_TAG = 'token-cadence';

export const APP_SECRET = 'token-cadence-app';
export const HEARTBEAT_SECRET = 'token-cadence-heartbeat';

/** `etrade-prod-ira` and `etrade-prod` share `etrade-prod-consumer`. */
export function sharedConsumer(session: string): string {
  const name = parseSessionKey(session);
  if (name === null) throw new Error(`no session key: ${session}`);
  return `${name.broker}-${name.environment}-consumer`;
}

/** The variable a secret is mounted as, and the beginning of its answers' names. */
export function variableOf(secret: string): string {
  return variablePrefix(secret);
}

/** What must be on before anything else can be asked or made. The rest of a function's life needs them too. */
export const APIS: readonly string[] = [
  'artifactregistry',
  'cloudbuild',
  'cloudfunctions',
  'cloudresourcemanager',
  'cloudscheduler',
  'iam',
  'logging',
  'monitoring',
  'pubsub',
  'run',
  'secretmanager',
  'serviceusage',
  'storage',
].map((name) => `${name}.googleapis.com`);

/** Of the account that deploys. Secrets are made and given to accounts by Terraform, which never needs their values. */
export const BUILD_ROLE = {
  id: 'tokenCadenceBuild',
  title: 'token-cadence: make secrets without reading them',
  permissions: [
    'secretmanager.secrets.create',
    'secretmanager.secrets.delete',
    'secretmanager.secrets.get',
    'secretmanager.secrets.getIamPolicy',
    'secretmanager.secrets.list',
    'secretmanager.secrets.setIamPolicy',
    'secretmanager.secrets.update',
  ],
} as const;

/** Of the account that deploys, on the project, since what they are for does not exist before the first build. */
export const BUILD_ROLES: readonly { readonly role: string; readonly why: string }[] = [
  { role: 'roles/logging.logWriter', why: 'writes the log of a build' },
  { role: 'roles/serviceusage.serviceUsageAdmin', why: 'enables APIs' },
  { role: 'roles/iam.serviceAccountAdmin', why: 'makes an account per function' },
  { role: 'roles/iam.roleAdmin', why: 'makes the custom roles' },
  { role: 'roles/resourcemanager.projectIamAdmin', why: 'grants the few project-wide roles' },
  {
    role: 'roles/storage.admin',
    why: 'keeps the state, takes what was built, uploads the functions',
  },
  { role: 'roles/artifactregistry.admin', why: 'makes the repository of images' },
  { role: 'roles/cloudfunctions.admin', why: 'makes the functions' },
  { role: 'roles/run.admin', why: 'says who may call them' },
  { role: 'roles/cloudscheduler.admin', why: 'makes the jobs' },
  { role: 'roles/pubsub.admin', why: 'makes the topics' },
  { role: 'roles/logging.configWriter', why: 'makes metrics and exclusions' },
  { role: 'roles/monitoring.editor', why: 'makes the dashboard' },
];
