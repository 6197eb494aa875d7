/** The rules marked (M) in the design, each with what is done instead when it is taken out. */
export const RULES = {
  'client-applies-only-the-next': 'a client applies whatever has the next offset, whatever came before it',
  'pod-applies-only-the-next': 'a pod applies whatever has the next offset, whatever came before it',
  'highest-attempt-owns': 'the last claim to arrive owns the session',
  'one-attempt-waits': 'a lost current connection opens another although an attempt waits',
  'a-resume-is-scheduled': 'a lost current connection schedules nothing',
  'jumps-are-told': 'an acceptance out of sequence looks like any other',
  'only-the-newest-answers': 'answers to publishes count from every connection',
  'newer-connection-takes-the-stream': 'messages of the older connection count after the newer one has begun',
  'settled-after-the-append': 'the sequence is settled before the message is appended',
  'one-rule-for-claims': 'a connection that claims again is refused like any other of the same attempt',
  'rows-are-claimed-again': 'rows are not claimed again after a doubt',
  'live-only-where-the-pod-is': 'a member is live as soon as it has read the end of the log',
  'nothing-from-before': 'what the old subscriber connection carried is still heard after the check',
  'the-sweep-keeps-the-top': 'the top of an idle log expires under its subscribers',
  'the-sweep-keeps-sequences': 'what a silent publisher has settled expires under it',
} as const;

export type RuleName = keyof typeof RULES;
