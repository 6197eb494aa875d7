import type { Step } from '../engine/search.js';
import { ClientTurn } from './client.js';
import { socketName } from './names.js';
import { PodTurn } from './pod.js';
import { execute } from './redis.js';
import type { Scope } from './scope.js';
import { Turn } from './turn.js';
import * as words from './words.js';
import { CLIENTS, PODS, type ClientNumber, type PodNumber, type Socket, type World } from './world.js';

/** Does something in a copy of the world. */
export type Take = (says: string, act: (turn: Turn) => void) => void;

export function takeInto(steps: Step<World>[], world: World, scope: Scope, fromOutside: boolean): Take {
  return (says, act) => {
    const turn = new Turn(world, scope);
    act(turn);
    steps.push({ says, next: turn.world, fromOutside });
  };
}

/** What clients, pods, Redis and the network do by themselves. */
export function ownSteps(world: World, scope: Scope): readonly Step<World>[] {
  const steps: Step<World>[] = [];
  const take = takeInto(steps, world, scope, false);
  for (const number of PODS) podSteps(world, number, scope, take);
  for (const number of CLIENTS) if (clientOf(world, number)) clientSteps(world, number, scope, take);
  world.outside.strays.forEach((command, at) => {
    take(`Redis executes what was still on its way: ${words.command(command)}`, (turn) => {
      execute(turn, command);
      turn.changeOutside({ strays: world.outside.strays.filter((_, index) => index !== at) });
    });
  });
  return steps;
}

export const podOf = (world: World, number: PodNumber) => (number === 0 ? world.pod0 : world.pod1);
export const clientOf = (world: World, number: ClientNumber) => (number === 0 ? world.client0 : world.client1);
export const socketsOf = (world: World, number: ClientNumber) => (number === 0 ? world.sockets0 : world.sockets1);

/** Redis takes the next command of a pod. */
export function redisStep(world: World, number: PodNumber, take: Take): void {
  const { pair, commands } = podOf(world, number);
  const [command] = commands;
  if (pair !== 'up' || !command) return;
  take(`Redis executes for ${words.pod(number)}: ${words.command(command)}`, (turn) => {
    turn.changePod(number, { commands: commands.slice(1) });
    const reply = execute(turn, command);
    if (reply) turn.changePod(number, { replies: [...turn.pod(number).replies, reply] });
  });
}

function podSteps(world: World, number: PodNumber, scope: Scope, take: Take): void {
  const pod = podOf(world, number);
  const name = words.pod(number);
  redisStep(world, number, take);
  if (pod.life === 'paused') take(`${name} goes on`, (turn) => turn.changePod(number, { life: 'up', doubt: true }));
  if (pod.life !== 'up') return;
  const [reply] = pod.replies;
  if (reply)
    take(`${name} gets the answer: ${words.reply(reply)}`, (turn) => {
      turn.changePod(number, { replies: pod.replies.slice(1) });
      new PodTurn(turn, number).answered(reply);
    });
  const [heard] = pod.heard;
  if (heard)
    take(`${name} hears through pub/sub: ${words.heard(heard)}`, (turn) => {
      turn.changePod(number, { heard: pod.heard.slice(1) });
      new PodTurn(turn, number).hear(heard);
    });
  if (pod.pair === 'stale' || (pod.pair === 'up' && pod.doubt))
    take(`${name} finds that its connections to Redis are of no use, and closes them`, (turn) => {
      const found = new PodTurn(turn, number);
      found.pairLost();
      if (scope.reconnects === 'at-once') found.pairFound();
    });
  if (pod.pair === 'down')
    take(`${name} is connected to Redis again, has subscribed, and checks everything`, (turn) =>
      new PodTurn(turn, number).pairFound(),
    );
  for (const [socket, { state, winner }] of Object.entries(pod.connections))
    if (state === 'leaving')
      take(`${name} closes connection ${socket} with 4500: attempt ${winner} has the session`, (turn) =>
        new PodTurn(turn, number).lingered(socket),
      );
}

function clientSteps(world: World, number: ClientNumber, scope: Scope, take: Take): void {
  for (const socket of socketsOf(world, number)) socketSteps(world, number, socket, take);
  const client = clientOf(world, number);
  if (!client) return;
  const { ownership, publishing, streams, probeDue } = client;
  const act = (says: string, run: (client: ClientTurn) => void) => {
    take(`client ${number} ${says}`, (turn) => run(new ClientTurn(turn, number)));
  };
  const mayOpen = ownership.lastConnection < scope.connections;
  if (ownership.next.kind === 'scheduled' && mayOpen)
    act(`opens attempt ${ownership.session === null ? 1 : ownership.lastAttempt + 1}`, (turn) =>
      turn.tell({ type: 'due' }),
    );
  if (ownership.previous !== null)
    act(`closes connection ${ownership.previous.connection}, which a newer one has replaced for 5 s`, (turn) =>
      turn.tell({ type: 'overlap-expired' }),
    );
  if (publishing.retryFrom !== null) act('sends again what was refused for a moment', (turn) => turn.retryPublishes());
  if (probeDue) act('looks whether Redis has lost something', (turn) => turn.probe());
  for (const { stream, feed, standby } of Object.values(streams))
    if (feed?.phase.kind === 'paused' || standby?.phase.kind === 'paused')
      act(`subscribes to ${stream} again after a pause`, (turn) => turn.subscribeAgain(stream));
}

function socketSteps(world: World, client: ClientNumber, socket: Socket, take: Take): void {
  const { number, pod, up, down, clientOpen, podOpen } = socket;
  const [frame] = down;
  if (clientOpen && frame)
    take(`client ${client} gets on connection ${number}: ${words.down(frame)}`, (turn) => {
      turn.changeSocket(client, number, () => ({ down: down.slice(1) }));
      new ClientTurn(turn, client).receive(number, frame);
    });
  const { life } = podOf(world, pod);
  if (clientOpen && life === 'paused' && mayGiveUp(world, client, number))
    take(`client ${client} hears nothing on connection ${number} for too long and gives it up`, (turn) => {
      turn.changeSocket(client, number, () => ({ clientOpen: false, down: [] }));
      new ClientTurn(turn, client).receive(number, { type: 'close', code: 1006, reason: '' });
    });
  if (life !== 'up' || !podOpen) return;
  const [said] = up;
  if (said)
    take(`${words.pod(pod)} gets on connection ${socketName(client, number)}: ${words.up(said)}`, (turn) => {
      turn.changeSocket(client, number, () => ({ up: up.slice(1) }));
      new PodTurn(turn, pod).read(client, number, said);
    });
  else if (!clientOpen)
    take(`${words.pod(pod)} sees that connection ${socketName(client, number)} is closed`, (turn) =>
      new PodTurn(turn, pod).sawClosed(client, number),
    );
}

function mayGiveUp(world: World, client: ClientNumber, connection: number): boolean {
  const ownership = clientOf(world, client)?.ownership;
  const waiting = ownership?.next.kind === 'waiting' ? ownership.next.opened.connection : null;
  return connection === waiting || connection === ownership?.current?.connection;
}
