import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { ChatProcess } from '../support/browser/chat-process.js';
import { itWithChromium, withChromium } from '../support/browser/with-chromium.js';
import { eventually } from '../support/eventually.js';

const chromium = withChromium();
const patience = { withinMs: 15_000 };
/** A directory for screenshots, to look at them. */
const pictures = process.env['BATON_TEST_PICTURES'] ?? '';

/** Somebody in front of the page, who finds things by what they are called, as with a screen reader. */
class Person {
  readonly problems: string[] = [];

  private constructor(
    readonly name: string,
    readonly page: Page,
  ) {
    page.on('console', (message) => message.type() === 'error' && this.problems.push(message.text()));
    page.on('pageerror', (error) => this.problems.push(String(error)));
  }

  static async comes(name: string, url: string, device: 'desk' | 'phone'): Promise<Person> {
    const context = await chromium().newContext({
      viewport: device === 'desk' ? { width: 1100, height: 720 } : { width: 390, height: 780 },
      colorScheme: device === 'desk' ? 'light' : 'dark',
    });
    const person = new Person(name, await context.newPage());
    await person.page.goto(url);
    await person.page.getByLabel('Your name').fill(name);
    await person.page.getByRole('button', { name: 'Come in' }).click();
    await person.sees(person.page.getByRole('status'), 'Connected');
    return person;
  }

  async says(text: string): Promise<void> {
    await this.page.getByRole('textbox', { name: 'Message' }).fill(text);
    await this.page.getByRole('button', { name: 'Send' }).click();
  }

  async enters(room: string): Promise<void> {
    await this.page.getByRole('navigation', { name: 'Rooms' }).getByRole('button', { name: room }).click();
  }

  get messages(): Locator {
    return this.page.getByRole('log', { name: 'Messages' });
  }

  async sees(where: Locator, text: string): Promise<void> {
    const words = async () => (await where.innerText()).includes(text);
    await eventually(`${this.name} to see "${text}"`, words, patience);
  }

  async texts(): Promise<readonly string[]> {
    return this.messages.locator('.text').allInnerTexts();
  }

  async goesOffline(offline: boolean): Promise<void> {
    await this.page.context().setOffline(offline);
  }

  async picture(name: string): Promise<void> {
    if (pictures !== '') await this.page.screenshot({ path: join(pictures, `${name}.png`) });
  }

  async leaves(): Promise<void> {
    await this.page.context().close();
  }
}

itWithChromium('two people see each other, talk, and find what was said after a reload', async () => {
  const chat = await ChatProcess.start();
  try {
    const ada = await Person.comes('Ada', chat.url, 'desk');
    const grace = await Person.comes('Grace', chat.url, 'phone');
    await ada.sees(ada.page.locator('#people'), 'Grace');
    await eventually(
      'Grace to see Ada',
      async () => (await grace.page.locator('#people').getByTitle('Ada').count()) === 1,
      patience,
    );

    await ada.says('Hello Grace! The pods under us were replaced twice this morning.');
    await grace.sees(grace.messages, 'replaced twice');
    await grace.says('I noticed nothing.');
    await grace.says('Which is the point, I suppose?');
    await ada.sees(ada.messages, 'the point');
    await ada.says('It is. Nothing lost, nothing twice, nothing out of order.');
    await grace.sees(grace.messages, 'nothing twice');
    const before = await ada.texts();
    expect(before).toHaveLength(5);

    await ada.page.reload();
    await ada.sees(ada.messages, 'nothing twice');
    expect(await ada.texts()).toEqual(before);
    await grace.says('Still here after your reload?');
    await ada.sees(ada.messages, 'after your reload');

    await grace.enters('kitchen');
    await grace.says('Soup today');
    await ada.sees(ada.page.getByRole('navigation', { name: 'Rooms' }), '1');
    await eventually(
      'Ada to be alone in the lobby',
      async () => (await ada.page.locator('#people li').count()) === 1,
      patience,
    );
    await ada.picture('chat-desk');
    await grace.enters('lobby');
    await ada.sees(ada.page.locator('#people'), 'Grace');
    await grace.picture('chat-phone');

    await grace.goesOffline(true);
    await grace.sees(grace.page.getByRole('status'), 'Offline');
    await grace.says('Said in a tunnel');
    await grace.sees(grace.messages, 'Sending');
    await grace.picture('chat-phone-offline');
    await ada.says('Are you still there?');
    await grace.goesOffline(false);
    await ada.sees(ada.messages, 'Said in a tunnel');
    await grace.sees(grace.messages, 'still there');
    await eventually(
      'both to see the same',
      async () => JSON.stringify(await ada.texts()) === JSON.stringify(await grace.texts()),
      patience,
    );
    expect((await ada.texts()).filter((text) => text === 'Said in a tunnel')).toHaveLength(1);

    expect([...ada.problems, ...grace.problems]).toEqual([]);
    await Promise.all([ada.leaves(), grace.leaves()]);
  } finally {
    expect(await chat.stop()).toBe(0);
  }
});
