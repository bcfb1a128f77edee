/**
 * Calls a function as Cloud Scheduler calls it: an empty POST with its headers and a deadline. A run by hand
 * says so with `?now`, so that the function does its whole work at any hour.
 *
 * Never throws: no answer in time is an answer with status `null`.
 * @see https://docs.cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs#httptarget
 */

import type { Job } from '../schedule.ts';
import type { JobAnswer } from './scheduler.ts';

export async function callJob(
  baseUrl: string,
  job: Job,
  scheduledAt: number,
  isByHand: boolean,
  fetch: typeof globalThis.fetch,
): Promise<JobAnswer> {
  try {
    const answer = await fetch(`${baseUrl}/${job.function}${isByHand ? '?now' : ''}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/octet-stream',
        'user-agent': 'Google-Cloud-Scheduler',
        'x-cloudscheduler': 'true',
        'x-cloudscheduler-jobname': job.name,
        'x-cloudscheduler-scheduletime': new Date(scheduledAt).toISOString(),
      },
      signal: AbortSignal.timeout(job.attemptDeadlineMs),
    });
    return { status: answer.status, answer: readAnswer(await answer.text()) };
  } catch {
    return { status: null, answer: null };
  }
}

/** The answer's JSON, or nothing: what is not JSON is not an answer of ours. */
function readAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
