/** Runs jobs in their order, so many at a time; each promise is that of the job at its place. */
export function inLanes<T>(lanes: number, jobs: readonly (() => Promise<T>)[]): readonly Promise<T>[] {
  const outcomes = jobs.map(() => Promise.withResolvers<T>());
  // Somebody looks at each of them, perhaps later than it rejects.
  for (const { promise } of outcomes) promise.catch(() => undefined);
  const waiting = jobs.map((job, index) => async () => job().then(outcomes[index]?.resolve, outcomes[index]?.reject));
  const work = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) await job();
  };
  for (let lane = 0; lane < lanes; lane += 1) void work();
  return outcomes.map(({ promise }) => promise);
}
