/**
 * The list of the four deployed functions, for running them together. The build makes one bundle per
 * function from its own file and does not use this one.
 */

export { healthCheck } from './health-check.ts';
export { keepAlive } from './keep-alive.ts';
export { morningAlert } from './morning-alert.ts';
export { pinExchange } from './pin-exchange.ts';
