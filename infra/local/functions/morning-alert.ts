/**
 * `morning-alert` as the local run starts it: the deployed handler with the local composition.
 *
 * Loaded by the functions-framework in a process of its own. The deployed entry registers first; this
 * registration under the same name replaces it.
 */

import { serve } from '../../../functions/http/serve.ts';
import { morningAlert } from '../../../functions/morning-alert.ts';
import { composeLocal } from '../compose.ts';

serve('morning-alert', morningAlert, () =>
  composeLocal('morning-alert', { uses: { consumers: 'for-approvals' } }),
);
