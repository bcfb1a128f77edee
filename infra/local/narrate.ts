/**
 * Turns what happened into short lines for a person: a symbol and a text.
 *
 * Pure: no colour, no output. `null` for what is not worth a line. Used live by `start.ts` and for the
 * timeline of `day.ts`.
 */

import { z } from 'zod';
import type { Activity } from './activity.ts';
import type { Run } from './runner/scheduler.ts';

export type Tone = 'good' | 'bad' | 'plain' | 'quiet';

export type Narration = { readonly symbol: string; readonly text: string; readonly tone: Tone };

const keepAliveAnswer = z.object({
  outcomes: z.array(z.object({ session: z.string(), action: z.string(), reason: z.string() })),
});

const eventData = z.object({
  session: z.string(),
  generation: z.number(),
  reason: z.string().optional(),
});

export function narrate(activity: Activity): Narration | null {
  switch (activity.kind) {
    case 'job':
      return narrateRun(activity.run);
    case 'message':
      return { symbol: '✉', text: messageLine(activity.message), tone: 'plain' };
    case 'event': {
      const { event } = activity;
      const data = eventData.safeParse(event.data);
      // Several an hour; the run that refreshed says so itself.
      if (data.data?.reason === 'refreshed') return null;
      const what = data.success ? `${data.data.session}, generation ${data.data.generation}` : '';
      const name = event.attributes['type'] ?? 'event';
      return { symbol: '◆', text: `event ${name}: ${what}`, tone: 'plain' };
    }
    case 'worker': {
      const { report } = activity;
      const call = report.lastCall;
      if (report.problem !== null) {
        return { symbol: '▸', text: `${report.name}: ${report.problem}`, tone: 'bad' };
      }
      const text = `${report.name}: ${report.session}, generation ${report.generation}, signed call answered ${call?.status ?? 'nothing'}`;
      return { symbol: '▸', text, tone: 'good' };
    }
    case 'process':
      return narrateProcess(activity);
    case 'clock':
      if (activity.sleptUntil === null) return null;
      return { symbol: '»', text: 'a long jump: only its last day was played', tone: 'quiet' };
    case 'faults':
      return { symbol: '!', text: `faults changed: ${activity.parts.join(', ')}`, tone: 'plain' };
  }
}

/** What a run did, in words; `null` when it found nothing to do. */
function narrateRun(run: Run): Narration | null {
  if (run.trigger === 'paused') {
    return { symbol: '‖', text: `${run.job} is paused`, tone: 'quiet' };
  }
  if (run.status === null || run.status < 200 || run.status > 299) {
    const answer = run.status === null ? 'did not answer in time' : `answered ${run.status}`;
    return { symbol: '✗', text: `${run.job} ${answer}`, tone: 'bad' };
  }
  if (run.job !== 'keep-alive') return null;
  const answer = keepAliveAnswer.safeParse(run.answer);
  if (!answer.success) return null;
  const renewed = answer.data.outcomes.filter(({ action }) => action === 'renewed');
  if (renewed.length === 0) return null;
  const sessions = renewed.map(({ session }) => session).join(', ');
  return { symbol: '↻', text: `keep-alive renewed ${sessions}, a probe proves it`, tone: 'good' };
}

function narrateProcess({
  name,
  change,
}: Extract<Activity, { kind: 'process' }>): Narration | null {
  if (change.change === 'ready') {
    return change.restarted ? { symbol: '✓', text: `${name} is back`, tone: 'good' } : null;
  }
  const how = change.signal ?? `exit code ${change.exitCode}`;
  return { symbol: '✗', text: `${name} died (${how}) and is restarted`, tone: 'bad' };
}

/** The first line of a message and its buttons, never their links. */
function messageLine(message: Extract<Activity, { kind: 'message' }>['message']): string {
  const [first = ''] = message.text.split('\n');
  const buttons = message.buttons.map(({ text }) => ` [${text}]`).join('');
  return `Telegram: ${first}${buttons}`;
}
