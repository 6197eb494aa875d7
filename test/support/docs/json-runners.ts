import { parseClientFrame, parseServerFrame } from '../../../src/protocol/codec.js';
import { setting } from './block-mark.js';
import type { BlockRunner } from './block-runner.js';
import { frameFields } from './frame-fields.js';

/** Frames as they are on the wire: one a line, or one over all lines. */
export const frameRunner: BlockRunner = {
  languages: ['json'],
  settings: ['from'],

  run({ block, mark }) {
    const from = setting(mark, 'from');
    if (from !== 'client' && from !== 'service') throw new Error('from: is client or service');
    for (const frame of framesOf(block.code)) checkFrame(frame, from);
  },
};

/** One a line, or one over all lines. */
export function framesOf(code: string): readonly string[] {
  const lines = code.split('\n').filter((line) => line.trim() !== '');
  return lines.every((line) => line.startsWith('{')) ? lines : [code];
}

function checkFrame(text: string, from: 'client' | 'service'): void {
  const parsed = from === 'client' ? parseClientFrame(text) : parseServerFrame(text);
  const shown = Object.keys(JSON.parse(text) as object).filter((key) => key !== 'type');
  const known = frameFields(from === 'client' ? 'ClientFrame' : 'ServerFrame').get(parsed?.type ?? '');
  if (known === undefined) throw new Error(`no frame of the ${from}: ${text}`);
  const strange = shown.filter((key) => !known.includes(key) && !known.includes(`${key}?`));
  if (strange.length > 0) throw new Error(`a ${parsed?.type} frame has no field ${strange.join(', ')}`);
  // A client may leave out what has a default; what the service sends is whole.
  const missing = from === 'client' ? [] : known.filter((key) => !key.endsWith('?') && !shown.includes(key));
  if (missing.length > 0) throw new Error(`a ${parsed?.type} frame has ${missing.join(', ')} too`);
}

/** An answer of the HTTP API: the real one has the same shape. */
export const answerRunner: BlockRunner = {
  languages: ['json'],
  settings: ['to', 'status', 'body', 'key'],

  async run({ block, mark, stage }) {
    const [, method = '', path = ''] = /^(GET|POST|PUT|DELETE) (\/\S*)$/.exec(setting(mark, 'to')) ?? [];
    if (path === '') throw new Error('to: is a method and a path');
    const shown: unknown = JSON.parse(block.code);
    const options = { body: setting(mark, 'body'), withKey: setting(mark, 'key') !== 'none' };
    const { status, body } = await (await stage()).call(method, path, options);
    const wanted = Number(setting(mark, 'status', '200'));
    if (status !== wanted)
      throw new Error(`${method} ${path} answered ${status}, not ${wanted}: ${JSON.stringify(body)}`);
    const differences = compareShapes('', shown, body);
    if (differences.length > 0) throw new Error(`${differences.join('\n')}\nin ${JSON.stringify(body)}`);
  },
};

/** What is different but for values: a field too many or too few, another type. `null` fits all. */
export function compareShapes(path: string, shown: unknown, real: unknown): readonly string[] {
  if (shown === null || real === null) return [];
  const [one, other] = [kindOf(shown), kindOf(real)];
  const where = path === '' ? 'it' : path;
  if (one !== other) return [`${where} is shown as ${one} and is ${other}`];
  if (Array.isArray(shown) && Array.isArray(real)) return compareElements(path, shown, real);
  if (one !== 'object') return [];
  const [left, right] = [shown as Fields, real as Fields];
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])];
  return names.flatMap((name) => {
    if (!(name in right)) return [`${path}.${name} is shown and isn't there`];
    if (!(name in left)) return [`${path}.${name} is there and isn't shown`];
    return compareShapes(`${path}.${name}`, left[name], right[name]);
  });
}

type Fields = Readonly<Record<string, unknown>>;

function compareElements(path: string, shown: readonly unknown[], real: readonly unknown[]): readonly string[] {
  if (shown.length === 0) return [];
  return real.length === 0
    ? [`${path} is shown with elements and has none`]
    : compareShapes(`${path}[0]`, shown[0], real[0]);
}

const kindOf = (value: unknown): string => (Array.isArray(value) ? 'array' : typeof value);
