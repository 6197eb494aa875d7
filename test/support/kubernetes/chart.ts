import { resolve } from 'node:path';
import { repository } from '../stage/build-under-test.js';
import { mustRun, type ProgramResult, run } from './program.js';
import { testImages } from './cluster-here.js';

const chart = resolve(repository, 'helm/baton');

/** Values as they would stand in a values file. */
export interface ChartValues {
  readonly [name: string]: string | number | boolean | readonly string[] | ChartValues;
}

/** `helm template`, which asks no cluster. */
export function renderChart(values: ChartValues): Promise<ProgramResult> {
  return run('helm', ['template', 'baton', chart, '--values', '-'], { input: JSON.stringify(values) });
}

/** `helm lint --strict`: warnings are failures. */
export function lintChart(values: ChartValues): Promise<ProgramResult> {
  return run('helm', ['lint', '--strict', chart, '--values', '-'], { input: JSON.stringify(values) });
}

/** Values that use the images under test. */
export function imageValues(): ChartValues {
  return {
    image: { ...splitImage(testImages.baton), pullPolicy: 'IfNotPresent' },
    redis: { dev: { enabled: true, image: { ...splitImage(testImages.redis), pullPolicy: 'IfNotPresent' } } },
  };
}

/**
 * Installs the chart as release `baton`, or upgrades it.
 * @param readyWithinMs how long all pods may take to be ready; without it nothing is waited for
 */
export async function applyChart(namespace: string, values: ChartValues, readyWithinMs?: number): Promise<void> {
  const wait = readyWithinMs === undefined ? [] : ['--wait', '--timeout', `${Math.round(readyWithinMs / 1000)}s`];
  await mustRun('helm', ['upgrade', '--install', 'baton', chart, '--namespace', namespace, '--values', '-', ...wait], {
    input: JSON.stringify(values),
    deadlineMs: (readyWithinMs ?? 0) + 30_000,
  });
}

/** `registry:5000/baton:1.2` has its tag after the last colon that follows the last slash. */
function splitImage(image: string): { readonly repository: string; readonly tag: string } {
  const colon = image.lastIndexOf(':');
  if (colon <= image.lastIndexOf('/')) throw new Error(`name the image with a tag, such as ${image}:dev`);
  return { repository: image.slice(0, colon), tag: image.slice(colon + 1) };
}
