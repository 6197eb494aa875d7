import { RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';

interface Route {
  readonly method: string;
  readonly path: RegExp;
}

/** The methods that the API takes at a path; none: there is no such path. */
export type AllowedMethods = (path: string) => readonly string[];

/** By what the controllers declare: to the router a path with other methods is as unknown as one that nobody has. */
export function allowedMethods(controllers: readonly Type[]): AllowedMethods {
  const routes = controllers.flatMap(routesOf);
  return (path) => {
    const methods = routes.flatMap((route) => (route.path.test(path) ? [route.method] : []));
    return [...new Set(methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])))].sort();
  };
}

function routesOf(controller: Type): readonly Route[] {
  const base = metadataOf(PATH_METADATA, controller);
  return handlersOf(controller).map((handler) => ({
    method: RequestMethod[Number(metadataOf(METHOD_METADATA, handler))] ?? '',
    path: patternOf(`/${base}/${metadataOf(PATH_METADATA, handler)}`),
  }));
}

function handlersOf({ prototype }: Type): readonly object[] {
  return Object.values(Object.getOwnPropertyDescriptors(prototype as object)).flatMap(({ value }) =>
    typeof value === 'function' && Reflect.hasMetadata(METHOD_METADATA, value as object) ? [value as object] : [],
  );
}

const metadataOf = (key: string, target: object): string => String(Reflect.getMetadata(key, target));

/** As Express matches by default: any case, with or without a slash at the end. */
function patternOf(path: string): RegExp {
  const segments = path.split('/').filter((segment) => segment !== '');
  const parts = segments.map((segment) => (segment.startsWith(':') ? '[^/]+' : segment.replaceAll('.', '\\.')));
  return new RegExp(`^/${parts.join('/')}/?$`, 'i');
}
