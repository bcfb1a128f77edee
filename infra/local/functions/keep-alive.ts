/**
 * `keep-alive` as the local run starts it: the deployed handler with the local composition.
 *
 * Loaded by the functions-framework in a process of its own. The deployed entry registers first; this
 * registration under the same name replaces it.
 */

import { serve } from '../../../functions/http/serve.ts';
import { keepAlive } from '../../../functions/keep-alive.ts';
import { composeLocal } from '../compose.ts';

serve('keep-alive', keepAlive, () => composeLocal('keep-alive'));
