/** The state directory: private, kept across starts, one runner at a time. */

import { spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writeJsonFile } from '../../infra/local/files.ts';
import {
  leaveStateDirectory,
  openKeys,
  openStateDirectory,
  stateDirectoryAt,
} from '../../infra/local/state.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';

describe('the state directory', () => {
  it('and its files are readable by this user alone', () => {
    const state = stateDirectoryAt(join(temporaryDirectory(), 'deep', 'local'));
    openStateDirectory(state);
    openKeys(state, ['etrade-sandbox']);
    expect(statSync(state.directory).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(state.directory)) {
      expect(statSync(join(state.directory, name)).mode & 0o077).toBe(0);
    }
  });

  it('keeps its keys, and makes more for sessions that are new', () => {
    const state = stateDirectoryAt(temporaryDirectory());
    const first = openKeys(state, ['etrade-sandbox']);
    const second = openKeys(state, ['etrade-sandbox', 'etrade-prod']);
    expect(second.app).toEqual(first.app);
    expect(second.consumers['etrade-sandbox']).toEqual(first.consumers['etrade-sandbox']);
    expect(second.consumers['etrade-prod']?.key).toMatch(/^[0-9a-f]{32}$/);
    expect(second.consumers['etrade-prod']).not.toEqual(first.consumers['etrade-sandbox']);
  });

  it('is refused while another living runner uses it, and says how to go on', () => {
    const state = stateDirectoryAt(temporaryDirectory());
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    onTestFinished(() => void other.kill('SIGKILL'));
    writeJsonFile(state.runnerFile, { pid: other.pid });
    expect(() => openStateDirectory(state)).toThrow(/--state/);
  });

  it('is free after a runner left or died', () => {
    const state = stateDirectoryAt(temporaryDirectory());
    openStateDirectory(state);
    leaveStateDirectory(state);
    openStateDirectory(state);
    // No process has this number: it is above the highest one there can be.
    writeJsonFile(state.runnerFile, { pid: 2 ** 30 });
    expect(() => openStateDirectory(state)).not.toThrow();
  });
});
