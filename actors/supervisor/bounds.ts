// How much the supervisor keeps. Starting all children must fit the effects of one turn, at three for each.

/** Providers, strategies and risks together; a further one is refused. */
export const CHILDREN_MAX = 300;
/** Actors whose failures are remembered; one more that fails is given up at once. */
export const FAILURES_MAX = 500;
/** Names of actors that were given up, newest last. */
export const GIVEN_UP_MAX = 100;
