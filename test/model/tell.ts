import type { Outcome } from './engine/search.js';
import type { Scope } from './world/scope.js';

/** One line a search, and its story if it has one: what a run of the tests shows of the model. */
export function tell({ name }: Scope, { states, steps, depth, seconds, exhaustive, counterexample }: Outcome): void {
  const size = `${states} states, ${steps} steps, depth ${depth}, ${seconds.toFixed(1)} s`;
  const lines = [`model: ${name}: ${size}${exhaustive ? ', every one within the bounds' : ''}`];
  if (counterexample) {
    lines.push(`  broken: ${counterexample.promise}`);
    counterexample.story.forEach((said, index) => lines.push(`  ${String(index + 1).padStart(2)} ${said}`));
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}
