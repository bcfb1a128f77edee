/**
 * Runs on Cloud Build: starts one, follows it step by step, says why it failed.
 *
 * To build and to deploy are two runs by two accounts: the first runs npm and may do nothing, the second runs
 * Terraform on what the first has built, from the very source it was built of.
 * Terraform runs there and nowhere else: one place, one account and one version, a state that only that account
 * writes, and nothing but Node and gcloud on the person's machine. A build goes on when the terminal is closed;
 * the next script finds it and waits for it.
 */

import * as z from 'zod';
import type { Wait } from '../../functions/clock.ts';
import { type Cloud, readAnswer } from './cloud.ts';
import { explainLog, explainRefusal } from './explain-log.ts';
import { BUILD_TAG, type Places } from './places.ts';
import type { SetupProblem } from './problem.ts';
import type { Say } from './steps.ts';

const buildSchema = z.object({
  id: z.string(),
  status: z.string(),
  /** Why a build ended outside of its steps. */
  statusDetail: z.string().default(''),
  createTime: z.string().default(''),
  logUrl: z.string().default(''),
  substitutions: z.record(z.string(), z.string()).default({}),
  source: z
    .object({
      storageSource: z
        .object({ bucket: z.string(), object: z.string(), generation: z.string().optional() })
        .optional(),
    })
    .default({}),
  steps: z
    .array(
      z.object({
        id: z.string().default(''),
        status: z.string().default('QUEUED'),
        timing: z.object({ startTime: z.string(), endTime: z.string() }).partial().optional(),
      }),
    )
    .default([]),
});

export type Build = z.infer<typeof buildSchema>;

export type Mode = 'apply' | 'plan' | 'foundation' | 'destroy';

/**
 * Whether linter, types and all tests run: `yes`; `no` in an emergency; `committed` for an unchanged commit, which
 * has passed them before.
 */
export type Checks = 'yes' | 'no' | 'committed';

export type BuildRequest = {
  readonly mode: Mode;
  readonly substitutions?: Readonly<Record<string, string>>;
  /** What was built before, with its source; otherwise the folder here, and it is built first where that is needed. */
  readonly built?: Built;
  /** @default 'committed' */
  readonly checks?: Checks;
};

export type Built = {
  /** An archive in Cloud Storage. */
  readonly source: string;
  /** Id of the build that made the bundles. */
  readonly build: string;
};

export type Builder = {
  /** Those of the project's deployment, newest first. */
  readonly list: () => Promise<readonly Build[]>;
  /** Starts one and waits for its end. @throws SetupProblem when it fails */
  readonly run: (request: BuildRequest, say: Say) => Promise<void>;
  /** The list once nothing runs any more: waits for what an earlier run has started, however it ends. */
  readonly settled: (say: Say) => Promise<readonly Build[]>;
};

export type BuilderOptions = {
  readonly cloud: Cloud;
  readonly places: Places;
  readonly wait: Wait;
};

const POLL_MS = 4_000;
const LISTED = 50;
const LOG_LINES = 400;
/** The log of a step arrives some seconds after the step has ended. */
const LOG_LOOKS = 4;
const LOG_WAIT_MS = 10_000;
const UNFINISHED = ['QUEUED', 'PENDING', 'WORKING', 'STATUS_UNKNOWN'];

export function isUnfinished(build: Build): boolean {
  return UNFINISHED.includes(build.status);
}

export function createBuilder({ cloud, places, wait }: BuilderOptions): Builder {
  const list = async (): Promise<readonly Build[]> => {
    const tagged = await cloud.ask(
      ['builds', 'list', `--filter=tags=${BUILD_TAG}`, `--limit=${LISTED}`],
      { doing: 'list the builds', schema: z.array(buildSchema), whenPrinted: [] },
    );
    // Builds of bundles by an earlier release, or of a branch that is as old, have the same tag.
    return tagged.filter(({ substitutions }) => substitutions['_MODE'] !== undefined);
  };

  const describe = (id: string): Promise<Build> =>
    cloud.ask(['builds', 'describe', id], {
      doing: 'look at the build',
      schema: buildSchema,
      whenPrinted: { ...EMPTY_BUILD, id, status: 'SUCCESS' },
    });

  async function follow(id: string, say: Say): Promise<Build> {
    const told = new Set<string>();
    for (let build = await describe(id); ; ) {
      for (const step of build.steps) {
        if (step.status !== 'SUCCESS' || told.has(step.id)) continue;
        told.add(step.id);
        const seconds = secondsOf(step.timing);
        // What a mode leaves out ends at once and would only be noise.
        if (seconds === null || seconds >= 2)
          say.note(`${step.id}${seconds === null ? '' : ` (${seconds} s)`}`);
      }
      if (!isUnfinished(build)) return build;
      const seen = shapeOf(build);
      build = await say.progress(`build: ${runningStep(build)}`, untilChanged(id, seen));
    }
  }

  async function untilChanged(id: string, seen: string): Promise<Build> {
    for (;;) {
      await wait(POLL_MS);
      const build = await describe(id);
      if (shapeOf(build) !== seen) return build;
    }
  }

  async function failure(build: Build): Promise<SetupProblem> {
    const step = build.steps.find(({ status }) => !['SUCCESS', 'QUEUED'].includes(status))?.id;
    let lines = await readLog(build.id, step);
    for (let looks = 1; lines.length === 0 && looks < LOG_LOOKS; looks += 1) {
      await wait(LOG_WAIT_MS);
      lines = await readLog(build.id, step);
    }
    const { status, statusDetail, logUrl } = build;
    return explainLog({ step: step ?? null, status, statusDetail, logUrl, lines }, places);
  }

  async function readLog(id: string, step: string | undefined): Promise<string[]> {
    const entries = await cloud.ask(
      [
        'logging',
        'read',
        `resource.type="build" AND resource.labels.build_id="${id}"`,
        `--limit=${LOG_LINES}`,
        '--order=desc',
      ],
      { doing: 'read the log of the build', schema: z.array(logEntrySchema), whenPrinted: [] },
    );
    return entries
      .toReversed()
      .filter(({ labels }) => step === undefined || labels.build_step.includes(`"${step}"`))
      .flatMap(({ textPayload }) => textPayload.split('\n'));
  }

  /** @returns the build once it has succeeded */
  async function runOne({ config, source, values, ending }: OneRun, say: Say): Promise<Build> {
    const assignments = Object.entries(values).map(([name, value]) => `${name}=${value}`);
    const stdout = await say.progress(
      source === '.' ? 'sending the source' : 'starting',
      cloud.change(
        [
          'builds',
          'submit',
          source,
          `--config=${config}`,
          `--gcs-source-staging-dir=${places.sources}`,
          // Another separator than the comma, which lists of sessions have.
          `--substitutions=^;^${assignments.join(';')}`,
          '--async',
          '--format=json',
        ],
        {
          doing: 'start the build',
          retryWhile: NOT_YET_KNOWN,
          explain: (stderr) => explainRefusal(stderr, places),
        },
      ),
    );
    if (cloud.isPrinted) return PRINTED_BUILD;
    const { id } = readAnswer(stdout, {
      doing: 'start the build',
      schema: z.object({ id: z.string() }),
    });
    say.note(`build ${id}; ${ending}`);
    const build = await follow(id, say);
    if (build.status !== 'SUCCESS') throw await failure(build);
    return build;
  }

  async function build(checks: Checks, commit: string, say: Say): Promise<Built> {
    const made = await runOne(
      {
        config: 'cloudbuild.yaml',
        source: '.',
        values: { _BUILDS_BUCKET: places.buildsBucket, _CHECKS: checks, _COMMIT: commit },
        ending: 'keep the terminal open, the next one follows it',
      },
      say,
    );
    const archive = made.source.storageSource;
    if (archive === undefined) throw new Error(`build ${made.id} has no source`);
    return { source: `gs://${archive.bucket}/${archive.object}`, build: made.id };
  }

  return {
    list,
    async run({ mode, substitutions = {}, built, checks = 'committed' }, say) {
      const isOfBundles = mode === 'apply' || mode === 'plan';
      const from =
        built ??
        (isOfBundles
          ? await build(checks, substitutions['_COMMIT'] ?? '', say)
          : { source: '.', build: '' });
      await runOne(
        {
          config: DEPLOYMENT,
          source: from.source,
          values: {
            _MODE: mode,
            _STATE_BUCKET: places.bucket,
            ...(isOfBundles
              ? { _BUILDS_BUCKET: places.buildsBucket, _BUILD: from.build, _CHECKS: checks }
              : {}),
            ...substitutions,
          },
          ending: 'the terminal may be closed, the build goes on',
        },
        say,
      );
    },
    async settled(say) {
      for (;;) {
        const builds = await list();
        const ongoing = builds.find(isUnfinished);
        if (ongoing === undefined) return builds;
        say.note(`a build of an earlier run is still going (${ongoing.id}): waiting for it`);
        await follow(ongoing.id, say);
      }
    },
  };
}

type OneRun = {
  readonly config: string;
  readonly source: string;
  readonly values: Readonly<Record<string, string>>;
  /** What it means to close the terminal. */
  readonly ending: string;
};

/** Terraform's run; `cloudbuild.yaml` is npm's. */
const DEPLOYMENT = 'infra/gcp/cloudbuild.yaml';

/** Words for an account that was made just now. */
const NOT_YET_KNOWN = /service account .*(does not exist|not found)|NOT_FOUND.*serviceAccount/i;

const EMPTY_BUILD: Build = buildSchema.parse({ id: '', status: 'SUCCESS' });

/** For a shell: the id and the source are what the line before has printed. */
const PRINTED_BUILD: Build = buildSchema.parse({
  id: 'BUILD_ID',
  status: 'SUCCESS',
  source: { storageSource: { bucket: 'BUILD_SOURCE_BUCKET', object: 'BUILD_SOURCE_OBJECT' } },
});

const logEntrySchema = z.object({
  textPayload: z.string().default(''),
  labels: z.object({ build_step: z.string().default('') }).default({ build_step: '' }),
});

function runningStep(build: Build): string {
  return build.steps.find(({ status }) => status === 'WORKING')?.id ?? 'waiting for a machine';
}

function shapeOf(build: Build): string {
  return [build.status, ...build.steps.map(({ status }) => status)].join(' ');
}

function secondsOf(
  timing: { startTime?: string | undefined; endTime?: string | undefined } | undefined,
): number | null {
  const from = Date.parse(timing?.startTime ?? '');
  const to = Date.parse(timing?.endTime ?? '');
  return Number.isNaN(to - from) ? null : Math.round((to - from) / 1000);
}
