/** The real `npm run setup` as a process, without the minutes it waits for Google. */

import { runInProcess } from '../../infra/setup/script.ts';
import { setup } from '../../infra/setup/setup.ts';

await runInProcess(setup, { wait: async () => {} });
