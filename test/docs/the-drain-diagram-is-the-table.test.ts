import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { drainEvents, drainPhases, transition } from '../../src/draining/drain-phase.js';

/** Mermaid's names have no hyphen. */
const named = (phase: string) => phase.replaceAll('-', '_');

function diagram(): string {
  const hyphenated = drainPhases.filter((phase) => named(phase) !== phase);
  const aliases = hyphenated.map((phase) => `  state "${phase}" as ${named(phase)}`);
  const arrows = drainPhases.flatMap((from) =>
    drainEvents.flatMap((event) => {
      const to = transition(from, event);
      return to === from ? [] : [`  ${named(from)} --> ${named(to)}: ${event}`];
    }),
  );
  return ['stateDiagram-v2', ...aliases, '  [*] --> serving', ...arrows, '  finished --> [*]'].join('\n');
}

it('docs/draining.md shows the phases and events of the table, and no others', async () => {
  const text = await readFile(new URL('../../docs/draining.md', import.meta.url), 'utf8');
  expect(/```mermaid\n(?<drawn>[^`]*)\n```/.exec(text)?.groups?.['drawn']).toBe(diagram());
});
