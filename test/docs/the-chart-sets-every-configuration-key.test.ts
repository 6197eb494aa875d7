import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { allOptions } from '../../src/config/load-config.js';

const repository = resolve(import.meta.dirname, '../..');
const templates = join(repository, 'helm/baton/templates');

/** Literal variables of k8s/deployment.yaml, which is the chart rendered with its defaults. */
function renderedDefaults(): ReadonlyMap<string, string> {
  const text = readFileSync(join(repository, 'k8s/deployment.yaml'), 'utf8');
  const literals = text.matchAll(/- name: (BATON_\w+)\n +value: (.*)\n/g);
  return new Map([...literals].map(([, key = '', value = '']) => [key, value.replace(/^"(.*)"$/, '$1')]));
}

describe('the chart', () => {
  it('sets every configuration key, and no other', () => {
    const text = readdirSync(templates).map((name) => readFileSync(join(templates, name), 'utf8'));
    const set = new Set(Array.from(text.join('').matchAll(/- name: (BATON_\w+)/g), ([, key]) => key));
    const known = allOptions().map(({ key }) => key);
    expect([...set].sort()).toEqual(known.sort());
  });

  it('has the same defaults as the process', () => {
    const rendered = renderedDefaults();
    const differing = allOptions().filter(({ key, fallback }) => {
      const value = rendered.get(key);
      // What the chart fills in itself: addresses, identity, files.
      if (value === undefined || value.startsWith('/etc/baton/')) return false;
      if (key === 'BATON_WORKLOAD' || key === 'BATON_REDIS_URL') return false;
      return fallback !== undefined && value !== String(fallback ?? '');
    });
    expect(
      differing.map(({ key, fallback }) => `${key}: ${rendered.get(key)} in the chart, ${String(fallback)} in src`),
    ).toEqual([]);
    expect(rendered.size).toBeGreaterThan(30);
  });
});
