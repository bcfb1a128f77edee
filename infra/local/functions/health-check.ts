/**
 * `health-check` as the local run starts it: the deployed handler with the local composition.
 *
 * Loaded by the functions-framework in a process of its own. The deployed entry registers first; this
 * registration under the same name replaces it.
 */

import { healthCheck } from '../../../functions/health-check.ts';
import { serve } from '../../../functions/http/serve.ts';
import { composeLocal } from '../compose.ts';

serve('health-check', healthCheck, () => composeLocal('health-check'));
