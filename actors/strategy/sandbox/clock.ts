// The clock inside QuickJS. Its host functions read Date.now() of the realm they are loaded in, and that realm is
// a worker that does nothing else, so the worker's Date is bent before QuickJS is loaded: `Date.now()` and `new
// Date()` inside show the time of the event at hand, the time zone is UTC, and Math.random, which QuickJS seeds
// from the clock when a context is made, gives the same numbers for the same seed. There is no other clock inside:
// this build has no `performance`, no timers and no Atomics.

export interface ShownClock {
  show(at: number): void;
}

/** Call once, in the worker, before QuickJS is loaded. */
export function bendClock(): ShownClock {
  let shown = 0;
  Date.now = () => shown;
  Date.prototype.getTimezoneOffset = () => 0;
  return {
    show: (at) => {
      shown = at;
    },
  };
}
