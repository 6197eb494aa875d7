/** What a watch of pods says, as far as it is read here. Times are RFC 3339 with whole seconds: Kubernetes has no finer. */
export interface PodEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: {
    readonly metadata: {
      readonly name: string;
      readonly uid: string;
      readonly labels?: Readonly<Record<string, string>>;
      readonly creationTimestamp: string;
      readonly deletionTimestamp?: string;
    };
    readonly status?: {
      readonly conditions?: readonly { readonly type: string; readonly status: string }[];
      readonly containerStatuses?: readonly ContainerStatus[];
    };
  };
}
interface ContainerStatus {
  readonly name: string;
  readonly restartCount: number;
  readonly state: { readonly running?: object; readonly terminated?: Terminated };
  readonly lastState?: { readonly terminated?: Terminated };
}
interface Terminated {
  readonly exitCode: number;
  readonly reason?: string;
}

/** One pod's life, as its watch showed it. `...AtMs`: this process's monotonic clock at the event that showed it first. */
export interface PodHistory {
  readonly name: string;
  /** Which ReplicaSet it belongs to. */
  readonly revision: string;
  readonly startedAtMs?: number;
  readonly readyAtMs?: number;
  /** Its deletion was asked for: SIGTERM follows at once, unless there is a preStop. */
  readonly terminatingAtMs?: number;
  readonly exitCode?: number;
  /** Kubernetes' word for the exit: Completed, Error, OOMKilled ... */
  readonly exitReason?: string;
  readonly restarts: number;
  readonly goneAtMs?: number;
}

/** Pure: the pod's history after one more event. */
export function afterEvent(before: PodHistory | undefined, event: PodEvent, nowMs: number): PodHistory {
  const { metadata, status } = event.object;
  const container = status?.containerStatuses?.[0];
  const exit = container?.state.terminated ?? container?.lastState?.terminated;
  const isReady = status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
  const isStarted = container?.state.running !== undefined || exit !== undefined;
  return {
    name: metadata.name,
    revision: metadata.labels?.['pod-template-hash'] ?? '',
    ...first('startedAtMs', before, isStarted, nowMs),
    ...first('readyAtMs', before, isReady, nowMs),
    ...first('terminatingAtMs', before, metadata.deletionTimestamp !== undefined, nowMs),
    ...(exit !== undefined && { exitCode: exit.exitCode, exitReason: exit.reason ?? '' }),
    restarts: container?.restartCount ?? before?.restarts ?? 0,
    ...first('goneAtMs', before, event.type === 'DELETED', nowMs),
  };
}

type Moment = 'startedAtMs' | 'readyAtMs' | 'terminatingAtMs' | 'goneAtMs';

/** The moment when something was true for the first time. */
function first(moment: Moment, before: PodHistory | undefined, isTrue: boolean, nowMs: number) {
  const atMs = before?.[moment] ?? (isTrue ? nowMs : undefined);
  return atMs === undefined ? {} : { [moment]: atMs };
}
