import { z } from 'zod';

/** What a leaf of the tree may be. */
export type OptionValue = string | number | null | readonly string[];

/** One setting: a variable of the environment, what it may be, and what it is when it isn't set. */
export interface Option<T> {
  readonly key: string;
  /** For people: the unit or the shape. */
  readonly kind: string;
  /** Text to value; its error messages complete the sentence "<KEY> ...". */
  readonly schema: z.ZodType<T, string>;
  /** Absent: the setting is required. */
  readonly fallback?: T;
  readonly description: string;
  /** Its value may hold a secret and is never printed. */
  readonly secret?: boolean;
}

type Rest<T> = Omit<Option<T>, 'kind' | 'schema'>;

export interface Bounds {
  readonly min: number;
  readonly max: number;
}

const DAY_MS = 86_400_000;

/** Long ones are more likely a unit mistaken for another than meant. */
export const upTo = (maxMs: number): Bounds => ({ min: 1, max: maxMs });
export const anyTime: Bounds = { min: 1, max: DAY_MS };
export const timeOrNone: Bounds = { min: 0, max: DAY_MS };

export function whole(rest: Rest<number>, { min, max }: Bounds, unit = ''): Option<number> {
  const range = `must be a whole number from ${min} to ${max}`;
  const schema = z
    .string()
    .regex(/^\d{1,15}$/, range)
    .transform(Number)
    .refine((value) => value >= min && value <= max, range);
  return { kind: unit === '' ? 'number' : unit, schema, ...rest };
}
export const milliseconds = (rest: Rest<number>, bounds: Bounds): Option<number> => whole(rest, bounds, 'ms');
export const bytes = (rest: Rest<number>, bounds: Bounds): Option<number> => whole(rest, bounds, 'bytes');

export function text(rest: Rest<string>, pattern: RegExp, shape: string, kind = 'text'): Option<string> {
  return { kind, schema: z.string().regex(pattern, `must be ${shape}`), ...rest };
}

export const optionalText = (rest: Rest<string | null>, pattern: RegExp, shape: string): Option<string | null> => ({
  kind: 'text',
  schema: z.string().regex(pattern, `must be ${shape}`),
  fallback: null,
  ...rest,
});

const IP = z.union([z.ipv4(), z.ipv6()], 'must be an IP address');
export const optionalIp = (rest: Rest<string | null>): Option<string | null> => ({
  kind: 'IP address',
  schema: IP,
  fallback: null,
  ...rest,
});

const FILE = z.string().regex(/^[^\0]{1,4096}$/, 'must be the path of a file');
export const file = (rest: Rest<string>): Option<string> => ({ kind: 'file', schema: FILE, ...rest });
export const optionalFile = (rest: Rest<string | null>): Option<string | null> => ({
  kind: 'file',
  schema: FILE,
  fallback: null,
  ...rest,
});

const urlOf = (protocols: readonly string[]) =>
  z
    .string()
    .refine(
      (value) => URL.canParse(value) && protocols.includes(new URL(value).protocol),
      `must be a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
    );
export const optionalUrl = (rest: Rest<string | null>, protocols: readonly string[]): Option<string | null> => ({
  kind: 'URL',
  schema: urlOf(protocols),
  fallback: null,
  ...rest,
});

export function oneOf<T extends string>(rest: Rest<T>, values: readonly [T, ...T[]]): Option<T> {
  return {
    kind: values.join(', '),
    schema: z.string().pipe(z.enum(values, `must be one of ${values.join(', ')}`)),
    ...rest,
  };
}

/** Separated by commas; spaces around them don't count. */
export function list(rest: Rest<readonly string[]>, item: (text: string) => boolean, shape: string) {
  const schema = z
    .string()
    .transform((value): readonly string[] => value.split(',').map((part) => part.trim()))
    .refine((parts) => parts.every(item), `must be ${shape}, separated by commas`);
  return { kind: 'list', schema, ...rest } satisfies Option<readonly string[]>;
}
