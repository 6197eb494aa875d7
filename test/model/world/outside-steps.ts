import type { Step } from '../engine/search.js';
import { ClientTurn } from './client.js';
import { CHANNEL, connectionOf, socketName } from './names.js';
import { clientOf, podOf, redisStep, socketsOf, takeInto, type Take } from './own-steps.js';
import { IDLE_LINE, PodTurn } from './pod.js';
import { addEntry, refuse } from './redis.js';
import type { FaultKind, Scope } from './scope.js';
import type { Turn } from './turn.js';
import * as words from './words.js';
import { CLIENTS, PODS, type Pod, type PodNumber, type World } from './world.js';
import { expirySteps } from './expiry-steps.js';

/** A process that has just begun, with connections to Redis of its own. */
export const NEW_POD: Pod = {
  life: 'up',
  pair: 'up',
  doubt: false,
  commands: [],
  replies: [],
  heard: [],
  streams: {},
  connections: {},
  appends: IDLE_LINE,
};

/** What applications, backends, drains and bad luck may do. */
export function outsideSteps(world: World, scope: Scope): readonly Step<World>[] {
  const steps: Step<World>[] = [];
  const take = takeInto(steps, world, scope, true);
  publishSteps(world, scope, take);
  sendSteps(world, scope, take);
  if (world.outside.migrations > 0) migrateSteps(world, take);
  if (world.replica !== null) take('the replica becomes the master', promote);
  if (world.outside.faults === 0) return steps;
  const fault: Take = (says, act) => {
    take(says, (turn) => {
      turn.changeOutside({ faults: world.outside.faults - 1 });
      act(turn);
    });
  };
  const may = (kind: FaultKind) => scope.kinds.includes(kind);
  for (const number of PODS) podFaults(world, number, may, fault);
  clientFaults(world, may, fault);
  if (may('failover') && world.replica === null) steps.push(...stallSteps(world, scope));
  expirySteps(world, scope, may, fault);
  return steps;
}

function publishSteps(world: World, scope: Scope, take: Take): void {
  const { publishes } = world.outside;
  for (const number of CLIENTS) {
    const left = publishes[number];
    if (left === 0 || !clientOf(world, number)) continue;
    const name = `${'ab'[number] ?? ''}${scope.publishes[number] - left + 1}`;
    take(`client ${number} publishes ${name}`, (turn) => {
      turn.changeOutside({ publishes: number === 0 ? [left - 1, publishes[1]] : [publishes[0], left - 1] });
      new ClientTurn(turn, number).publish(name);
    });
  }
}

function sendSteps(world: World, scope: Scope, take: Take): void {
  const { sends } = world.outside;
  const session = world.client0?.ownership.session;
  const log = scope.sendsTo === 'session' ? session && `session:${session.id}` : CHANNEL;
  if (sends === 0 || !log) return;
  const name = `m${scope.sends - sends + 1}`;
  take(`a backend sends ${name}`, (turn) => {
    turn.changeOutside({ sends: sends - 1 });
    addEntry(turn, log, name);
  });
}

/** That the replica no longer follows shows only at the next change: so it stops exactly before one. */
function stallSteps(world: World, scope: Scope): readonly Step<World>[] {
  const { outside } = world;
  const stalled: World = { ...world, replica: world.redis, outside: { ...outside, faults: outside.faults - 1 } };
  const steps: Step<World>[] = [];
  const take = takeInto(steps, stalled, scope, true);
  for (const number of PODS) redisStep(stalled, number, take);
  sendSteps(stalled, scope, take);
  return steps
    .filter(({ next }) => next.redis !== world.redis)
    .map((step) => ({ ...step, says: `the replica stops following; then ${step.says}` }));
}

function migrateSteps(world: World, take: Take): void {
  for (const number of PODS) {
    const to = number === 0 ? 1 : 0;
    for (const [socket, { client, state }] of Object.entries(podOf(world, number).connections)) {
      if (state !== 'open') continue;
      take(`${words.pod(number)} asks client ${client} to move to ${words.pod(to)}`, (turn) => {
        turn.changeOutside({ migrations: world.outside.migrations - 1 });
        turn.toClient(client, connectionOf(socket), { type: 'migrate', to });
      });
    }
  }
}

/** What the replica hasn't got is gone. Every pod is still connected to the old master. */
function promote(turn: Turn): void {
  const { replica, redis } = turn.world;
  if (replica === null) return;
  for (const log of Object.keys(redis.logs)) if (redis.logs[log] !== replica.logs[log]) turn.hasCause(log);
  turn.setRedis(replica);
  turn.setReplica(null);
  for (const number of PODS)
    if (turn.pod(number).pair === 'up') turn.changePod(number, { pair: 'stale', commands: [] });
}

function podFaults(world: World, number: PodNumber, may: (kind: FaultKind) => boolean, fault: Take): void {
  const pod = podOf(world, number);
  const name = words.pod(number);
  const isUsed = pod.commands.length + pod.replies.length + pod.heard.length > 0 || pod.appends.waiting.length > 0;
  if (may('crash') && Object.keys(pod.connections).length > 0)
    fault(`${name} dies, and another process takes its place`, (turn) => crash(turn, number));
  if (may('pause') && pod.life === 'up')
    fault(`${name} stands still`, (turn) => turn.changePod(number, { life: 'paused' }));
  if (may('break') && pod.pair === 'up' && isUsed && pod.life === 'up')
    fault(`the connections of ${name} to Redis break`, (turn) => new PodTurn(turn, number).pairLost());
  if (may('delay') && pod.pair === 'up' && pod.commands.some(({ kind }) => kind !== 'read') && pod.life === 'up')
    fault(`the connections of ${name} to Redis break; what it has sent is still on its way`, (turn) => {
      turn.changeOutside({ strays: pod.commands.filter(({ kind }) => kind !== 'read') });
      new PodTurn(turn, number).pairLost();
    });
  const [heard] = pod.heard;
  if (may('lose') && heard)
    fault(`${name} never hears: ${words.heard(heard)}`, (turn) =>
      turn.changePod(number, { heard: pod.heard.slice(1), doubt: true }),
    );
  const [command] = pod.commands;
  if (may('refuse') && pod.pair === 'up' && command?.kind === 'append')
    fault(`Redis has no memory for ${name}: ${words.command(command)}`, (turn) =>
      turn.changePod(number, {
        commands: pod.commands.slice(1),
        replies: [...pod.replies, refuse(turn, command)],
      }),
    );
}

function crash(turn: Turn, number: PodNumber): void {
  for (const client of CLIENTS)
    for (const socket of turn.sockets(client))
      if (socket.pod === number && socket.podOpen)
        turn.changeSocket(client, socket.number, () => ({
          podOpen: false,
          up: [],
          down: [{ type: 'close', code: 1006, reason: '' }],
        }));
  turn.changePod(number, NEW_POD);
}

function clientFaults(world: World, may: (kind: FaultKind) => boolean, fault: Take): void {
  for (const client of CLIENTS) {
    for (const { number, clientOpen } of socketsOf(world, client))
      if (may('cut') && clientOpen)
        fault(`connection ${socketName(client, number)} breaks for client ${client}`, (turn) => {
          new ClientTurn(turn, client).receive(number, { type: 'close', code: 1006, reason: '' });
        });
    if (may('impatience') && clientOf(world, client)?.ownership.next.kind === 'waiting')
      fault(`client ${client} has waited for 10 s and gives its attempt up`, (turn) =>
        new ClientTurn(turn, client).tell({ type: 'attempt-expired' }),
      );
  }
}
