import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { expect, it } from '@jest/globals';
import { MessagesController } from '../../src/http/messages.controller.js';
import { SessionDataController } from '../../src/http/session-data.controller.js';
import { SessionsController } from '../../src/http/sessions.controller.js';
import { StreamsController } from '../../src/http/streams.controller.js';
import { MOST_WAITING, MOST_WAITING_OF_ONE, MOST_WAITING_OF_TENANT } from '../../src/messaging/waiting-reads.js';
import { MAX_DATA_BYTES } from '../../src/protocol/bounds.js';
import { errorCodes, isErrorName } from '../../src/protocol/error-codes.js';

const page = readFileSync(new URL('../../docs/http.md', import.meta.url), 'utf8');

function routesOf(controller: { readonly prototype: object }): readonly string[] {
  const base = String(Reflect.getMetadata(PATH_METADATA, controller));
  const handlers = Object.values(Object.getOwnPropertyDescriptors(controller.prototype)).map(
    ({ value }) => value as object,
  );
  return handlers
    .filter((handler) => Reflect.hasMetadata(METHOD_METADATA, handler))
    .map((handler) => {
      const method = RequestMethod[Number(Reflect.getMetadata(METHOD_METADATA, handler))] ?? '';
      const path = `/${base}/${String(Reflect.getMetadata(PATH_METADATA, handler))}`.replace(/\/+$/, '');
      return `${method} ${path.replace(':session', '{id}').replace(/:(\w+)/g, '{$1}')}`;
    });
}

it('every route is in the table of what it needs', () => {
  const routes = [MessagesController, StreamsController, SessionsController, SessionDataController].flatMap(routesOf);
  const [, table = ''] = page.split('| call | needs |');
  expect(routes).toHaveLength(11);
  expect(routes.filter((route) => !(table.split('\n\n')[0] ?? '').includes(`\`${route}\``))).toEqual([]);
});

it('every error of the page has the status of the error table', () => {
  const [, table = ''] = page.split('| status | code | |');
  const rows = Array.from(table.matchAll(/^\| (\d{3}) \| (.+?) \|/gm), ([, status, codes = '']) =>
    Array.from(codes.matchAll(/`([\w-]+)`/g), ([, code]) => ({ status: Number(status), code })),
  ).flat();
  expect(rows.length).toBeGreaterThan(8);
  for (const { status, code } of rows) expect(isErrorName(code) && errorCodes[code].status).toBe(status);
});

it('the largest data of the page is the largest that is taken', () => {
  expect(page).toContain(`${MAX_DATA_BYTES.toLocaleString('en')} bytes`);
});

it('as many reads may wait as the page says', () => {
  const places = `${MOST_WAITING.toLocaleString('en')} calls wait, ${MOST_WAITING_OF_ONE} of one key`;
  expect(page).toContain(`${places}, ${MOST_WAITING_OF_TENANT} of one tenant`);
});
