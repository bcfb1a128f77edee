/**
 * The one small script of all pages, with the hash that lets the browser run it under our CSP.
 *
 * Adds to pages that work without it: live countdowns by the server's clock, the step to the PIN after
 * the tap, a paste button, the page again while a phone is waited for; tabs of one sign-in agree whether the
 * broker is open. Sends nothing to anybody and keeps nothing. Served inline by `layout.ts`; plain browser
 * JavaScript, tried in Chromium by `test/http/pages-in-chromium.test.ts`.
 */

import { createHash } from 'node:crypto';
import { INVISIBLE } from '../../lifecycle/verifier.ts';

export const SCRIPT = `
(() => {
  'use strict';
  const page = document.body.dataset;
  const arrival = performance.getEntriesByType('navigation')[0];
  // Only differences within this load: timeOrigin drifts from the wall clock while a phone sleeps.
  const since = arrival ? Math.max(0, performance.now() - arrival.responseStart) : 0;
  const skew = Number(page.now) - (Date.now() - since);
  const now = () => Date.now() + skew;
  const opened = now();
  const say = document.getElementById('say');
  const steps = document.querySelector('[data-step]');
  const pin = document.getElementById('pin');

  const show = (ms) => {
    const seconds = Math.max(0, Math.ceil(ms / 1000));
    const minutes = Math.floor(seconds / 60);
    const hours = Math.floor(minutes / 60);
    if (hours >= 48) return Math.floor(hours / 24) + ' d ' + (hours % 24) + ' h';
    if (hours > 0) return hours + ' h ' + (minutes % 60) + ' min';
    if (minutes >= 10) return minutes + ' min';
    return minutes + ':' + String(seconds % 60).padStart(2, '0');
  };

  // Spoken at these, not every second.
  const milestones = [240, 180, 120, 60, 30];
  let spoken = Infinity;
  const speak = (ms) => {
    const seconds = Math.ceil(ms / 1000);
    const passed = milestones.filter((at) => seconds <= at).pop();
    if (!say || passed === undefined || passed >= spoken) return;
    spoken = passed;
    say.textContent = passed >= 60 ? passed / 60 + ' ' + say.dataset.minutes : passed + ' ' + say.dataset.seconds;
  };

  const tick = () => {
    for (const counter of document.querySelectorAll('[data-until]')) {
      const until = Number(counter.dataset.until);
      if (!until) continue;
      const left = until - now();
      counter.textContent = show(left);
      if (steps && steps.dataset.step === 'open') speak(left);
      if (left > 0) continue;
      counter.dataset.until = '';
      if (steps) {
        steps.dataset.step = 'over';
        if (say) say.textContent = say.dataset.over;
      } else if (page.reload && until > opened) {
        location.reload();
      }
    }
  };
  tick();
  setInterval(tick, 1000);

  for (const form of document.querySelectorAll('form')) {
    form.addEventListener('submit', (event) => {
      if (form.dataset.sent && now() - Number(form.dataset.sent) < 2000) return event.preventDefault();
      form.dataset.sent = String(now());
      const button = form.querySelector('button[data-busy]');
      if (button) {
        button.textContent = button.dataset.busy;
        button.setAttribute('aria-busy', 'true');
      }
      if (!steps || !form.action.endsWith('/start')) return;
      tell('open');
      if (form.target === '_blank') open();
    });
  }

  // A start opens the broker in another tab, and only a start that failed comes back here to say so.
  const here = location.pathname.replace(/\\/start$/, '');
  const isFailedStart = here !== location.pathname && !document.getElementById('onward');
  const tabs = (steps || isFailedStart) && window.BroadcastChannel ? new BroadcastChannel(here) : null;
  const tell = (what) => tabs && tabs.postMessage(what);
  const open = () => {
    const note = document.getElementById('outcome');
    if (note) note.remove();
    const counter = steps.querySelector('[data-until]');
    if (counter) counter.dataset.until = String(now() + Number(steps.dataset.openMs));
    steps.dataset.step = 'open';
    spoken = Infinity;
    tick();
  };
  if (isFailedStart) tell('failed');
  if (tabs && steps) {
    tabs.addEventListener('message', ({ data }) => {
      if (data === 'open') open();
      else if (!isFailedStart) location.replace(here + '?done');
    });
  }

  const paste = document.getElementById('paste');
  if (paste && pin && navigator.clipboard && navigator.clipboard.readText) {
    paste.hidden = false;
    paste.parentElement.classList.add('with-paste');
    paste.addEventListener('click', async () => {
      try {
        pin.value = (await navigator.clipboard.readText()).replace(${INVISIBLE}, '').trim();
      } catch {}
      pin.focus();
    });
  }

  const copy = document.getElementById('copy');
  const code = document.getElementById('code');
  if (copy && code && navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
        copy.textContent = copy.dataset.done;
      } catch {
        getSelection().selectAllChildren(code);
      }
    });
  }

  const waiting = document.querySelector('[data-wait]');
  const look = () => {
    if (document.visibilityState !== 'visible' || document.querySelector('details[open]')) return;
    location.replace(waiting.dataset.wait);
  };
  if (waiting) setInterval(look, 4000);

  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'visible') return;
    if (waiting) return look();
    if (pin && steps.dataset.step === 'open' && !pin.value) pin.focus();
    if (page.reload && !pin && now() - opened > 30000) location.reload();
  });
  addEventListener('pageshow', (event) => {
    if (event.persisted && page.reload) location.reload();
  });
})();
`;

/** `sha256-…` of the script, for `script-src`. */
export const SCRIPT_HASH = `sha256-${createHash('sha256').update(SCRIPT).digest('base64')}`;
