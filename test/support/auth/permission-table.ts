/**
 * Who may do what, by actor and stream. ADA is a session of the user `ada` of acme, SELF the actor's own user or session
 * under the long name. `-`: there is no such call. Subscribing by `hello` has the outcome of `subscribe`.
 */
export interface PermissionRow {
  readonly actor: string;
  readonly stream: string;
  /** `subscribed`, or the code of the error. */
  readonly subscribe: string;
  /** `ack`, or the code of the refusal. */
  readonly publish: string;
  /** `snapshot`, or the code of the error. */
  readonly presence: string;
  /** Status of `GET /v1/streams/{stream}/messages`. */
  readonly read: string;
  /** Status of `POST /v1/messages` to it. */
  readonly send: string;
}

//    actor                        | stream       | subscribe  | publish   | presence  | read | send
const table = `
a user without grants          | session      | subscribed | forbidden | -         | 401 | -
a user without grants          | user         | subscribed | forbidden | -         | 401 | -
a user without grants          | tenant       | subscribed | forbidden | -         | 401 | 401
a user without grants          | channel:room | forbidden  | forbidden | forbidden | 401 | 401
a user without grants          | channel:hall | forbidden  | forbidden | forbidden | 401 | 401
a user without grants          | user:ada     | forbidden  | forbidden | -         | 401 | 401
a user without grants          | user:SELF    | forbidden  | forbidden | -         | 401 | 401
a user without grants          | session:ADA  | forbidden  | forbidden | -         | 401 | 401
a user without grants          | session:SELF | forbidden  | forbidden | -         | 401 | 401
a user of that channel         | session      | subscribed | forbidden | -         | 401 | -
a user of that channel         | user         | subscribed | forbidden | -         | 401 | -
a user of that channel         | tenant       | subscribed | forbidden | -         | 401 | 401
a user of that channel         | channel:room | subscribed | ack       | snapshot  | 401 | 401
a user of that channel         | channel:hall | forbidden  | forbidden | forbidden | 401 | 401
a user of that channel         | user:ada     | forbidden  | forbidden | -         | 401 | 401
a user of that channel         | user:SELF    | forbidden  | forbidden | -         | 401 | 401
a user of that channel         | session:ADA  | forbidden  | forbidden | -         | 401 | 401
a user of that channel         | session:SELF | forbidden  | forbidden | -         | 401 | 401
a user of a prefix             | session      | subscribed | forbidden | -         | 401 | -
a user of a prefix             | user         | subscribed | forbidden | -         | 401 | -
a user of a prefix             | tenant       | subscribed | forbidden | -         | 401 | 401
a user of a prefix             | channel:room | subscribed | ack       | snapshot  | 401 | 401
a user of a prefix             | channel:hall | forbidden  | forbidden | forbidden | 401 | 401
a user of a prefix             | user:ada     | forbidden  | forbidden | -         | 401 | 401
a user of a prefix             | user:SELF    | forbidden  | forbidden | -         | 401 | 401
a user of a prefix             | session:ADA  | forbidden  | forbidden | -         | 401 | 401
a user of a prefix             | session:SELF | forbidden  | forbidden | -         | 401 | 401
a user who may only read       | session      | subscribed | forbidden | -         | 401 | -
a user who may only read       | user         | subscribed | forbidden | -         | 401 | -
a user who may only read       | tenant       | subscribed | forbidden | -         | 401 | 401
a user who may only read       | channel:room | subscribed | forbidden | forbidden | 401 | 401
a user who may only read       | channel:hall | subscribed | forbidden | forbidden | 401 | 401
a user who may only read       | user:ada     | forbidden  | forbidden | -         | 401 | 401
a user who may only read       | user:SELF    | forbidden  | forbidden | -         | 401 | 401
a user who may only read       | session:ADA  | forbidden  | forbidden | -         | 401 | 401
a user who may only read       | session:SELF | forbidden  | forbidden | -         | 401 | 401
a user who may only publish    | session      | subscribed | forbidden | -         | 401 | -
a user who may only publish    | user         | subscribed | forbidden | -         | 401 | -
a user who may only publish    | tenant       | subscribed | forbidden | -         | 401 | 401
a user who may only publish    | channel:room | forbidden  | ack       | forbidden | 401 | 401
a user who may only publish    | channel:hall | forbidden  | ack       | forbidden | 401 | 401
a user who may only publish    | user:ada     | forbidden  | forbidden | -         | 401 | 401
a user who may only publish    | user:SELF    | forbidden  | forbidden | -         | 401 | 401
a user who may only publish    | session:ADA  | forbidden  | forbidden | -         | 401 | 401
a user who may only publish    | session:SELF | forbidden  | forbidden | -         | 401 | 401
a user who may only be there   | session      | subscribed | forbidden | -         | 401 | -
a user who may only be there   | user         | subscribed | forbidden | -         | 401 | -
a user who may only be there   | tenant       | subscribed | forbidden | -         | 401 | 401
a user who may only be there   | channel:room | forbidden  | forbidden | snapshot  | 401 | 401
a user who may only be there   | channel:hall | forbidden  | forbidden | snapshot  | 401 | 401
a user who may only be there   | user:ada     | forbidden  | forbidden | -         | 401 | 401
a user who may only be there   | user:SELF    | forbidden  | forbidden | -         | 401 | 401
a user who may only be there   | session:ADA  | forbidden  | forbidden | -         | 401 | 401
a user who may only be there   | session:SELF | forbidden  | forbidden | -         | 401 | 401
a user who may everything      | session      | subscribed | ack       | -         | 401 | -
a user who may everything      | user         | subscribed | ack       | -         | 401 | -
a user who may everything      | tenant       | subscribed | ack       | -         | 401 | 401
a user who may everything      | channel:room | subscribed | ack       | snapshot  | 401 | 401
a user who may everything      | channel:hall | subscribed | ack       | snapshot  | 401 | 401
a user who may everything      | user:ada     | forbidden  | forbidden | -         | 401 | 401
a user who may everything      | user:SELF    | forbidden  | forbidden | -         | 401 | 401
a user who may everything      | session:ADA  | forbidden  | forbidden | -         | 401 | 401
a user who may everything      | session:SELF | forbidden  | forbidden | -         | 401 | 401
a user who names others        | session      | subscribed | forbidden | -         | 401 | -
a user who names others        | user         | subscribed | forbidden | -         | 401 | -
a user who names others        | tenant       | subscribed | forbidden | -         | 401 | 401
a user who names others        | channel:room | forbidden  | forbidden | forbidden | 401 | 401
a user who names others        | channel:hall | forbidden  | forbidden | forbidden | 401 | 401
a user who names others        | user:ada     | forbidden  | forbidden | -         | 401 | 401
a user who names others        | user:SELF    | forbidden  | forbidden | -         | 401 | 401
a user who names others        | session:ADA  | forbidden  | forbidden | -         | 401 | 401
a user who names others        | session:SELF | forbidden  | forbidden | -         | 401 | 401
a user of another tenant       | session      | subscribed | ack       | -         | 401 | -
a user of another tenant       | user         | subscribed | ack       | -         | 401 | -
a user of another tenant       | tenant       | subscribed | ack       | -         | 401 | 401
a user of another tenant       | channel:room | subscribed | ack       | snapshot  | 401 | 401
a user of another tenant       | channel:hall | subscribed | ack       | snapshot  | 401 | 401
a user of another tenant       | user:ada     | forbidden  | forbidden | -         | 401 | 401
a user of another tenant       | user:SELF    | forbidden  | forbidden | -         | 401 | 401
a user of another tenant       | session:ADA  | forbidden  | forbidden | -         | 401 | 401
a user of another tenant       | session:SELF | forbidden  | forbidden | -         | 401 | 401
a key without grants           | session      | subscribed | forbidden | -         | 400 | -
a key without grants           | user         | subscribed | forbidden | -         | 400 | -
a key without grants           | tenant       | forbidden  | forbidden | -         | 403 | 403
a key without grants           | channel:room | forbidden  | forbidden | forbidden | 403 | 403
a key without grants           | channel:hall | forbidden  | forbidden | forbidden | 403 | 403
a key without grants           | user:ada     | forbidden  | forbidden | -         | 403 | 403
a key without grants           | user:SELF    | forbidden  | forbidden | -         | 403 | 403
a key without grants           | session:ADA  | forbidden  | forbidden | -         | 403 | 403
a key without grants           | session:SELF | forbidden  | forbidden | -         | 403 | 403
a key of that channel and user | session      | subscribed | forbidden | -         | 400 | -
a key of that channel and user | user         | subscribed | forbidden | -         | 400 | -
a key of that channel and user | tenant       | forbidden  | forbidden | -         | 403 | 403
a key of that channel and user | channel:room | subscribed | ack       | snapshot  | 200 | 201
a key of that channel and user | channel:hall | forbidden  | forbidden | forbidden | 403 | 403
a key of that channel and user | user:ada     | subscribed | ack       | -         | 200 | 201
a key of that channel and user | user:SELF    | forbidden  | forbidden | -         | 403 | 403
a key of that channel and user | session:ADA  | forbidden  | forbidden | -         | 403 | 403
a key of that channel and user | session:SELF | forbidden  | forbidden | -         | 403 | 403
a key of prefixes              | session      | subscribed | forbidden | -         | 400 | -
a key of prefixes              | user         | subscribed | forbidden | -         | 400 | -
a key of prefixes              | tenant       | forbidden  | forbidden | -         | 403 | 403
a key of prefixes              | channel:room | subscribed | ack       | snapshot  | 200 | 201
a key of prefixes              | channel:hall | forbidden  | forbidden | forbidden | 403 | 403
a key of prefixes              | user:ada     | subscribed | forbidden | -         | 200 | 403
a key of prefixes              | user:SELF    | forbidden  | forbidden | -         | 403 | 403
a key of prefixes              | session:ADA  | forbidden  | ack       | -         | 403 | 201
a key of prefixes              | session:SELF | forbidden  | forbidden | -         | 403 | 201
a key that may everything      | session      | subscribed | ack       | -         | 400 | -
a key that may everything      | user         | subscribed | ack       | -         | 400 | -
a key that may everything      | tenant       | subscribed | ack       | -         | 200 | 201
a key that may everything      | channel:room | subscribed | ack       | snapshot  | 200 | 201
a key that may everything      | channel:hall | subscribed | ack       | snapshot  | 200 | 201
a key that may everything      | user:ada     | subscribed | ack       | -         | 200 | 201
a key that may everything      | user:SELF    | forbidden  | forbidden | -         | 200 | 201
a key that may everything      | session:ADA  | subscribed | ack       | -         | 200 | 201
a key that may everything      | session:SELF | forbidden  | forbidden | -         | 200 | 201
a key of another tenant        | session      | subscribed | ack       | -         | 400 | -
a key of another tenant        | user         | subscribed | ack       | -         | 400 | -
a key of another tenant        | tenant       | subscribed | ack       | -         | 200 | 201
a key of another tenant        | channel:room | subscribed | ack       | snapshot  | 200 | 201
a key of another tenant        | channel:hall | subscribed | ack       | snapshot  | 200 | 201
a key of another tenant        | user:ada     | subscribed | ack       | -         | 200 | 201
a key of another tenant        | user:SELF    | forbidden  | forbidden | -         | 200 | 201
a key of another tenant        | session:ADA  | subscribed | ack       | -         | 404 | 404
a key of another tenant        | session:SELF | forbidden  | forbidden | -         | 200 | 201
`;

export const permissionRows: readonly PermissionRow[] = table
  .trim()
  .split('\n')
  .map((line) => {
    const [actor = '', stream = '', subscribe = '', publish = '', presence = '', read = '', send = ''] = line
      .split('|')
      .map((cell) => cell.trim());
    return { actor, stream, subscribe, publish, presence, read, send };
  });
