/**
 * The pages a person sees at the simulated broker: logon with consent, the code, a refusal.
 *
 * Functions from data to HTML, in the shell of `pages.ts`; they decide nothing. Called by
 * `etrade-authorize.ts`.
 */

import type { Answer } from './http-answer.ts';
import { escapeMarkup, page, shortKey } from './pages.ts';

const BRAND = 'E*TRADE';

/** Logon and consent in one; `key` and `token` come back with the form. */
export function logonPage(facts: {
  readonly key: string;
  readonly token: string;
  readonly environment: string;
  readonly userId: string;
  readonly reference: string;
  readonly error: string | null;
  readonly formTargets: readonly string[];
}): Answer {
  const value = (text: string): string => escapeMarkup(text);
  return page({
    brand: BRAND,
    title: 'Log on',
    formTargets: facts.formTargets,
    main: `<h1>Log on to authorize</h1>
${facts.error === null ? '' : `<p class="alarm" role="alert">${value(facts.error)}</p>`}
<form method="post" autocomplete="off">
<input type="hidden" name="key" value="${value(facts.key)}">
<input type="hidden" name="token" value="${value(facts.token)}">
<label for="userId">User ID</label>
<input id="userId" name="userId" value="${value(facts.userId)}" autocapitalize="none" autocorrect="off" spellcheck="false">
<label for="password">Password</label>
<input id="password" name="password" type="password" value="simulated">
<section class="consent">
<h2>An application asks for access</h2>
<p>It will be able to see your accounts and to place orders until midnight, New York time.</p>
<dl>
<dt>Application</dt><dd>${value(shortKey(facts.key))}</dd>
<dt>Environment</dt><dd>${value(facts.environment)}</dd>
<dt>Reference</dt><dd>${value(facts.reference)}</dd>
</dl>
</section>
<button class="main" name="decision" value="Accept">Accept</button>
<button name="decision" value="Decline">Decline</button>
</form>`,
  });
}

/** The code to carry back, in the value of the page's only input. */
export function codePage(verifier: string): Answer {
  return page({
    brand: BRAND,
    title: 'Verification code',
    canCopy: true,
    main: `<h1>Your verification code</h1>
<p id="hint">Copy this code, go back to the application, and paste it there.</p>
<input class="code" value="${escapeMarkup(verifier)}" readonly autofocus aria-label="Verification code" aria-describedby="hint">
<button class="main" type="button" aria-live="polite" hidden>Copy</button>
<p class="soft after">It works once, and only within five minutes of starting the sign-in.</p>`,
  });
}

export function declinedPage(): Answer {
  return page({
    brand: BRAND,
    title: 'Declined',
    main: `<h1>Access declined</h1>
<p>The application was given nothing.</p>
<p class="soft">You can close this page. To sign in after all, start again from the application.</p>`,
  });
}

/** What the broker shows for every request token it does not like, without saying why. */
export function logonDelayPage(): Answer {
  return page({
    brand: BRAND,
    title: 'Not completed',
    main: `<h1>Not completed</h1>
<p role="alert">Due to a logon delay or other issue, your authentication could not be completed at this time. Please try again.</p>
<p class="soft">Go back to the application and start a new sign-in.</p>`,
  });
}
