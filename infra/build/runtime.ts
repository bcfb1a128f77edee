/**
 * How Node runs a deployed function: the one place for the options that its memory needs.
 *
 * Small new space and a bounded old one: on a fast series of requests Node would otherwise let garbage grow
 * to the size of the smallest instance before it looks. Used by the bench and the tests; the deployment sets
 * the variable `NODE_OPTIONS` to it.
 */

export const NODE_OPTIONS = '--max-semi-space-size=2 --max-old-space-size=96';
