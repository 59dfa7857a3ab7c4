// What a busy machine adds to every measured time.

/** How long this process was held up by whatever else the machine does: nothing can be noticed meanwhile. */
export function lateness(): { stop(): number } {
  const everyMs = 20;
  let lateMs = 0;
  let dueAt = performance.now() + everyMs;
  const timer = setInterval(() => {
    lateMs += Math.max(0, performance.now() - dueAt - everyMs);
    dueAt = performance.now() + everyMs;
  }, everyMs);
  return {
    stop: () => {
      clearInterval(timer);
      return lateMs;
    },
  };
}
