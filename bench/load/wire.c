/* What the three protocols say: only as much as a client needs to follow a session. */
#define _GNU_SOURCE
#include "load.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char **tokens;
static uint32_t token_count;

void load_tokens(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file) {
    perror(path);
    exit(1);
  }
  char line[4096];
  tokens = calloc(most_clients, sizeof *tokens);
  while (token_count < most_clients && fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = 0;
    tokens[token_count++] = strdup(line);
  }
  fclose(file);
}

void note_trouble(const char *text, size_t length) {
  if (length > sizeof totals.last_trouble - 1) length = sizeof totals.last_trouble - 1;
  size_t at = 0;
  for (size_t i = 0; i < length; i += 1) {
    char letter = text[i];
    totals.last_trouble[at++] = letter < 32 || letter == '"' || letter == '\\' || letter > 126 ? ' ' : letter;
  }
  totals.last_trouble[at] = 0;
}

static bool starts(const char *text, size_t length, const char *with) {
  size_t size = strlen(with);
  return length >= size && memcmp(text, with, size) == 0;
}

/* The text behind `"name":`, up to its end if it is a string, an object or a number. */
static bool field(const char *text, size_t length, const char *name, char *into, size_t room) {
  char key[40];
  int size = snprintf(key, sizeof key, "\"%s\":", name);
  const char *found = memmem(text, length, key, (size_t)size);
  if (!found) return false;
  const char *from = found + size, *end = text + length, *to = from;
  if (*from == '"') {
    from += 1;
    to = memchr(from, '"', (size_t)(end - from));
  } else if (*from == '{') {
    to = memchr(from, '}', (size_t)(end - from));
    if (to) to += 1;
  } else {
    while (to < end && *to != ',' && *to != '}') to += 1;
  }
  if (!to || (size_t)(to - from) >= room) return false;
  memcpy(into, from, (size_t)(to - from));
  into[to - from] = 0;
  return true;
}

static uint64_t number(const char *text, size_t length, const char *name, uint64_t otherwise) {
  char digits[32];
  return field(text, length, name, digits, sizeof digits) ? strtoull(digits, NULL, 10) : otherwise;
}

static void became_ready(struct connection *connection) {
  connection->phase = READY;
  totals.ready += 1;
  clients[connection->index].current = connection;
  if (on_ready) on_ready(connection);
}

static void say_hello(struct connection *connection) {
  struct client *client = &clients[connection->index];
  char streams[400], text[3600];
  client->attempt += 1;
  connection->awaited = hello_stream_count;
  int length;
  if (client->session[0] == 0) {
    client->attempt = 1;
    snprintf(streams, sizeof streams, hello_streams, connection->index);
    length = snprintf(text, sizeof text,
                      "{\"type\":\"hello\",\"attempt\":1,\"token\":\"%s\",\"streams\":{%s},\"can\":[\"overlap\"],"
                      "\"hops\":0,\"publisher\":\"p%u\"}",
                      tokens ? tokens[connection->index % token_count] : "", streams, connection->index);
  } else {
    char format[400];
    snprintf(format, sizeof format, "%s", hello_streams);
    /* `null` of the one stream becomes the position. */
    char *null = strstr(format, "null");
    if (null) *null = 0;
    snprintf(streams, sizeof streams, format, connection->index);
    length = snprintf(text, sizeof text,
                      "{\"type\":\"hello\",\"attempt\":%u,\"session\":\"%s\",\"resume\":\"%s\",\"streams\":{%s%s},"
                      "\"can\":[\"overlap\"],\"hops\":0,\"publisher\":\"p%u\"}",
                      client->attempt, client->session, client->resume, streams, null ? client->position : "",
                      connection->index);
  }
  send_text(connection, text, (size_t)length);
}

void greet(struct connection *connection) {
  if (upgrade_only || protocol == BARE) became_ready(connection);
  else if (protocol == BATON) say_hello(connection);
}

static void take_move(struct connection *connection, const char *text, size_t length) {
  if (connection->asked_to_move) return;
  uint64_t within_ms = number(text, length, "withinMs", 0);
  char endpoints[200] = "";
  const char *at = memmem(text, length, "127.0.0.1:", 10);
  if (at) snprintf(endpoints, sizeof endpoints, "%.*s", 5, at + 10);
  connection->asked_to_move = true;
  connection->move_port = at ? (uint16_t)strtoul(endpoints, NULL, 10) : connection->port;
  connection->move_at_us = now_us() + (within_ms ? (uint64_t)rand() % (within_ms * 1000) : 0);
}

static void take_baton(struct connection *connection, char *text, size_t length) {
  struct client *client = &clients[connection->index];
  const char *type = text + 9; /* behind {"type":" */
  if (length < 12) return;
  if (starts(type, length - 9, "message\"")) {
    connection->delivered += 1;
    totals.deliveries += 1;
    if (on_delivery) on_delivery(connection);
  } else if (starts(type, length - 9, "ack\"")) {
    uint32_t upto = (uint32_t)number(text, length, "seq", 0);
    totals.acks += upto - connection->acked;
    connection->acked = upto;
    if (on_ack) on_ack(connection, upto);
  } else if (starts(type, length - 9, "ping\"")) {
    send_text(connection, "{\"type\":\"pong\"}", 15);
  } else if (starts(type, length - 9, "welcome\"")) {
    field(text, length, "session", client->session, sizeof client->session);
    field(text, length, "resume", client->resume, sizeof client->resume);
    if (connection->awaited == 0) became_ready(connection);
  } else if (starts(type, length - 9, "subscribed\"")) {
    field(text, length, "position", client->position, sizeof client->position);
    if (connection->phase == GREETING && --connection->awaited == 0) became_ready(connection);
  } else if (starts(type, length - 9, "migrate\"")) {
    take_move(connection, text, length);
  } else if (!starts(type, length - 9, "probe\"") && !starts(type, length - 9, "credential\"")) {
    totals.refused += 1;
    note_trouble(text, length);
  }
}

/* The last string of an event's array: what connection state recovery calls the offset. */
static void keep_offset(struct client *client, const char *text, size_t length) {
  const char *end = memrchr(text, '"', length);
  const char *from = end ? memrchr(text, '"', (size_t)(end - text)) : NULL;
  if (from && (size_t)(end - from) < sizeof client->resume)
    snprintf(client->resume, sizeof client->resume, "%.*s", (int)(end - from - 1), from + 1);
}

static void take_socket_io(struct connection *connection, char *text, size_t length) {
  struct client *client = &clients[connection->index];
  if (text[0] == '2') {
    send_text(connection, "3", 1);
  } else if (text[0] == '0') {
    char hello[700];
    int size = resuming ? snprintf(hello, sizeof hello, "40{\"pid\":\"%s\",\"offset\":\"%s\"}", client->session, client->resume)
                        : snprintf(hello, sizeof hello, "40{\"room\":\"r%u\"}", connection->index);
    send_text(connection, hello, (size_t)size);
  } else if (starts(text, length, "40")) {
    char pid[64] = "";
    if (field(text, length, "pid", pid, sizeof pid)) {
      if (resuming && strcmp(pid, client->session) != 0) {
        totals.refused += 1;
        note_trouble("not recovered", 13);
      }
      memcpy(client->session, pid, sizeof pid);
    }
    if (connection->phase == GREETING) became_ready(connection);
  } else if (starts(text, length, "42")) {
    connection->delivered += 1;
    totals.deliveries += 1;
    if (hello_stream_count) keep_offset(client, text, length);
    if (on_delivery) on_delivery(connection);
  } else if (starts(text, length, "43")) {
    connection->acked += 1;
    totals.acks += 1;
    if (on_ack) on_ack(connection, connection->acked);
  }
}

void receive_frame(struct connection *connection, uint8_t opcode, char *text, size_t length) {
  if (opcode == 8) {
    unsigned code = length >= 2 ? (unsigned)(uint8_t)text[0] << 8 | (uint8_t)text[1] : 0;
    if (code == 1012) totals.forced += 1;
    else if (code != 4500) note_trouble(text + 2, length > 2 ? length - 2 : 0);
    if (code == 4500) totals.moved += 1;
    totals.closed += 1;
    uint8_t answer[8] = {0x88, 0x82, 0, 0, 0, 0, (uint8_t)(code >> 8), (uint8_t)code};
    send_bytes(connection, answer, sizeof answer);
    cut(connection);
    if (on_closed) on_closed(connection);
    return;
  }
  if (opcode == 9) {
    uint8_t pong[6] = {0x8a, 0x80, 0, 0, 0, 0};
    send_bytes(connection, pong, sizeof pong);
    return;
  }
  if (opcode != 1 || length == 0) return;
  if (protocol == BATON) take_baton(connection, text, length);
  else if (protocol == SOCKET_IO) take_socket_io(connection, text, length);
  else {
    connection->delivered += 1;
    totals.deliveries += 1;
    if (on_delivery) on_delivery(connection);
  }
}
