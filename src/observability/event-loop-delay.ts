import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from './metrics.js';

/** How often the delay is looked at: the histogram's values contain this much themselves. */
const RESOLUTION_MS = 10;
const QUANTILES = [0.5, 0.99, 1];

/** Fills baton_event_loop_delay_seconds at every scrape with the delays since the one before. Returns what stops it. */
export function watchEventLoop(metrics: Metrics): () => void {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  metrics.onScrape(() => {
    for (const quantile of QUANTILES) {
      const nanoseconds = quantile === 1 ? histogram.max : histogram.percentile(quantile * 100);
      metrics.eventLoopDelay.set({ quantile: String(quantile) }, Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1e3));
    }
    histogram.reset();
  });
  return () => {
    histogram.disable();
  };
}
