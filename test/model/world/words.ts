import type { Position } from '../../../src/protocol/position.js';
import { messageName, POD_NAMES } from './names.js';
import type { Command, Down, Heard, PodNumber, Reply, Up } from './world.js';

export const pod = (number: PodNumber): string => POD_NAMES[number];

const at = (position: Position | null): string => (position ? `${position.offset} ${position.id}` : 'now');

export function command(said: Command): string {
  switch (said.kind) {
    case 'claim':
      return `${said.check ? 'the claim again' : 'the claim'} of ${said.claim.session} by attempt ${said.claim.attempt}, connection ${said.socket}`;
    case 'detach':
      return `connection ${said.connection} gives ${said.session} back`;
    case 'append':
      return `append ${said.items.map(({ kind, seq, after, data }) => `${kind === 'mark' ? 'a mark' : (data ?? '')} (seq ${seq} after ${after})`).join(', ')}`;
    case 'read':
      return `read ${said.log} from ${at(said.from)} for ${said.member ?? 'the pod'}`;
  }
}

export function reply(said: Reply): string {
  switch (said.kind) {
    case 'claim':
      return `attempt of connection ${said.socket}: ${said.result.kind}`;
    case 'append':
      return said.results === null
        ? 'the append was refused'
        : `append: ${said.results.map((result) => (result.kind === 'gap' ? `gap, last ${result.last}` : result.kind)).join(', ')}`;
    case 'read': {
      const { result } = said;
      const found =
        result.kind === 'reset'
          ? `${result.reason}, the end is ${at(result.top)}`
          : `${result.entries.map(({ data }) => data).join(', ') || 'nothing new'}, the end is ${at(result.top)}`;
      return `read ${said.log} for ${said.member ?? 'the pod'}: ${found}`;
    }
  }
}

export function heard(said: Heard): string {
  if (said.kind === 'claimed') return `${said.session} belongs to attempt ${said.attempt}`;
  return `${said.entry.data} in ${said.log} at ${said.entry.offset} ${said.entry.id} after ${said.entry.prev}`;
}

export function up(said: Up): string {
  switch (said.type) {
    case 'hello':
      return `hello, attempt ${said.attempt}${Object.entries(said.streams)
        .map(([stream, position]) => `, ${stream} from ${at(position)}`)
        .join('')}`;
    case 'publish':
      return `publish ${said.data ?? 'a mark'} (seq ${said.seq} after ${said.after})`;
    case 'subscribe':
      return `subscribe ${said.stream} from ${at(said.position)}`;
  }
}

export function down(said: Down): string {
  switch (said.type) {
    case 'welcome':
      return `welcome to ${said.session}`;
    case 'migrate':
      return `migrate to ${pod(said.to)}`;
    case 'close':
      return `close ${said.code} ${said.reason}`.trimEnd();
    case 'message':
      return `message ${messageName(said.data)} of ${said.stream} at ${said.offset} ${said.id} after ${said.prev}`;
    case 'subscribed':
      return `subscribed to ${said.stream} at ${at(said.position)}`;
    case 'reset':
      return `reset of ${said.stream} (${said.reason}) to ${at(said.position)}`;
    case 'ack':
      return `ack ${said.seq}${said.jumps ? `, which jumped from ${said.jumps.map(([after]) => after).join()}` : ''}`;
    case 'refused':
      return `refused ${said.seq}`;
    case 'gap':
      return `gap at ${said.seq}, last ${said.last}`;
    case 'probe':
      return 'probe';
  }
}
