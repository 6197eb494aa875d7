/* Commands come as lines on standard input, answers go as lines of JSON to standard output; between commands connections
 * stay open and answer pings.
 *
 *   load <baton|socket.io|bare> <port> <most clients> [<file of tokens>]
 *
 *   streams <count> <text>                         what `hello` names, %u is the client's index
 *   open <count> <window>                          until all are ready
 *   fanout <stream> <burst> <window> <bytes> <ms>  the first client sends bursts to all
 *   echo <stream> <in flight> <bytes> <ms> <ack|both>
 *   handshakes <window> <ms> <upgrade|ready>       each is cut as soon as it is there
 *   drop                                           cut all, remember who they were
 *   resume <window> <messages each>
 *   moved <ms>                                     until every client has moved
 *   reset                                          cut all, forget all
 */
#include "load.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum protocol protocol;
uint16_t target_port;
struct client *clients;
struct connection *connections;
uint32_t most_clients;
struct totals totals;
char hello_streams[200];
uint32_t hello_stream_count;
bool upgrade_only, resuming;
void (*on_ready)(struct connection *);
void (*on_delivery)(struct connection *);
void (*on_ack)(struct connection *, uint32_t);
void (*on_closed)(struct connection *);

#define MOST_SAMPLES 2000000
static uint32_t *samples;
static uint32_t sample_count;
static uint32_t opened; /* clients of the last `open` */

static uint64_t cpu_us(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
         (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static struct {
  uint64_t started_us, cpu_us, limit_us;
  struct totals totals;
} run;

static void begin(uint64_t limit_ms) {
  run.started_us = now_us();
  run.cpu_us = cpu_us();
  run.limit_us = run.started_us + limit_ms * 1000;
  run.totals = totals;
  totals.last_trouble[0] = 0;
  sample_count = 0;
}

static void sample(uint64_t since_us) {
  if (sample_count < MOST_SAMPLES) samples[sample_count++] = (uint32_t)(now_us() - since_us);
}

static int by_size(const void *a, const void *b) {
  uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
  return left < right ? -1 : left > right;
}

static uint32_t percentile(double part) {
  return sample_count ? samples[(uint32_t)(part * (sample_count - 1))] : 0;
}

/* `count` is what the command is about. */
static void end(const char *what, uint64_t count, uint64_t ended_us) {
  qsort(samples, sample_count, sizeof *samples, by_size);
  double seconds = (double)(ended_us - run.started_us) / 1e6;
  printf("{\"what\":\"%s\",\"count\":%lu,\"seconds\":%.6f,\"cpuShare\":%.4f,\"p50Us\":%u,\"p99Us\":%u,\"frames\":%lu,"
         "\"deliveries\":%lu,\"closed\":%lu,\"failed\":%lu,\"moved\":%lu,\"forced\":%lu,\"refused\":%lu,"
         "\"trouble\":\"%s\"}\n",
         what, count, seconds, (double)(cpu_us() - run.cpu_us) / 1e6 / (seconds > 0 ? seconds : 1), percentile(0.5),
         percentile(0.99), totals.frames - run.totals.frames, totals.deliveries - run.totals.deliveries,
         totals.closed - run.totals.closed, totals.failed - run.totals.failed, totals.moved - run.totals.moved,
         totals.forced - run.totals.forced, totals.refused - run.totals.refused, totals.last_trouble);
  fflush(stdout);
  on_ready = NULL;
  on_delivery = NULL;
  on_ack = NULL;
  on_closed = NULL;
}

static bool in_time(void) { return now_us() < run.limit_us; }

/* Opening and resuming: so many at a time. */
static uint32_t next_client, wanted_clients, under_way;

static void open_more(uint32_t window) {
  while (under_way < window && next_client < wanted_clients) {
    under_way += 1;
    if (!connect_client(next_client++, target_port)) under_way -= 1;
  }
}
static void one_less(struct connection *connection) {
  (void)connection;
  if (under_way > 0) under_way -= 1;
}

static void command_open(uint32_t count, uint32_t window) {
  begin(60000);
  uint64_t ready = totals.ready;
  on_ready = one_less;
  on_closed = one_less;
  next_client = 0;
  wanted_clients = opened = count;
  under_way = 0;
  while (totals.ready - ready < count && in_time()) {
    open_more(window);
    if (next_client == wanted_clients && under_way == 0) break;
    pump(100);
  }
  end("open", totals.ready - ready, now_us());
}

static char payload[8192], stream_format[100];
static uint32_t in_flight;
static bool both;

static size_t publish_text(struct connection *connection, char *text, size_t room) {
  uint32_t seq = ++connection->sent;
  char stream[120];
  snprintf(stream, sizeof stream, stream_format, connection->index);
  if (protocol == BATON)
    return (size_t)snprintf(text, room, "{\"type\":\"publish\",\"stream\":\"%s\",\"seq\":%u,\"after\":%u,\"data\":\"%s\"}",
                            stream, seq, seq - 1, payload);
  if (protocol == SOCKET_IO && on_ack) return (size_t)snprintf(text, room, "42%u[\"%s\",\"%s\"]", seq, stream, payload);
  if (protocol == SOCKET_IO) return (size_t)snprintf(text, room, "42[\"%s\",\"%s\"]", stream, payload);
  return (size_t)snprintf(text, room, "%s", payload);
}

static void publish(struct connection *connection, uint32_t count) {
  static uint8_t frames[1 << 18];
  char text[8800];
  size_t length = 0;
  for (uint32_t i = 0; i < count; i += 1) {
    connection->sent_at_us[connection->sent % MOST_IN_FLIGHT] = now_us();
    length += put_frame(frames + length, text, publish_text(connection, text, sizeof text));
  }
  send_bytes(connection, frames, length);
}

static void fill_payload(uint32_t bytes) {
  if (bytes > sizeof payload - 1) bytes = sizeof payload - 1;
  memset(payload, 'x', bytes);
  payload[bytes] = 0;
}

static void ignore_ack(struct connection *connection, uint32_t upto) {
  (void)connection;
  (void)upto;
}

static void command_fanout(uint32_t burst, uint32_t window, uint32_t bytes, uint64_t ms) {
  uint64_t started[64], sent = 0, done = 0;
  struct connection *publisher = clients[0].current;
  fill_payload(bytes);
  if (!publisher || window > 64) return end("fanout", 0, now_us());
  begin(ms);
  if (protocol == BATON) on_ack = ignore_ack;
  uint64_t before = totals.deliveries, each = (uint64_t)burst * opened, ended = 0;
  uint64_t give_up = run.limit_us + 10000000;
  while (now_us() < give_up && clients[0].current == publisher) {
    while (sent - done < window && in_time()) {
      started[sent % 64] = now_us();
      publish(publisher, burst);
      sent += 1;
    }
    if (sent == done) break;
    pump(100);
    while (sent > done && totals.deliveries - before >= (done + 1) * each) {
      sample(started[done % 64]);
      done += 1;
      ended = now_us();
    }
  }
  end("fanout", done * each, ended ? ended : now_us());
}

static void echoed(struct connection *connection) {
  uint32_t before = connection->awaited; /* what was complete */
  uint32_t complete = connection->acked;
  if (both && connection->delivered < complete) complete = connection->delivered;
  if (complete == before) return;
  for (uint32_t seq = before; seq < complete; seq += 1) sample(connection->sent_at_us[seq % MOST_IN_FLIGHT]);
  connection->awaited = complete;
  if (in_time()) publish(connection, complete - before);
}
static void echo_acked(struct connection *connection, uint32_t upto) {
  (void)upto;
  echoed(connection);
}

static uint64_t still_in_flight(void) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < opened; i += 1) {
    struct connection *connection = clients[i].current;
    if (connection) sum += connection->sent - connection->awaited;
  }
  return sum;
}

static void command_echo(uint32_t flight, uint32_t bytes, uint64_t ms) {
  fill_payload(bytes);
  begin(ms);
  on_ack = echo_acked;
  if (both) on_delivery = echoed;
  in_flight = flight;
  for (uint32_t i = 0; i < opened; i += 1) {
    struct connection *connection = clients[i].current;
    if (!connection) continue;
    connection->awaited = connection->acked = connection->delivered = connection->sent;
    publish(connection, flight);
  }
  while (in_time()) pump(20);
  uint64_t ended = now_us(), count = sample_count;
  uint64_t give_up = ended + 10000000;
  while (still_in_flight() > 0 && now_us() < give_up) pump(20);
  end("echo", count, ended);
}

static void handshake_done(struct connection *connection) {
  sample(connection->sent_at_us[0]);
  uint32_t index = connection->index;
  if (clients[index].current == connection) clients[index].current = NULL;
  if (upgrade_only) clients[index].session[0] = 0;
  connection->phase = READY;
}

static void command_handshakes(uint32_t window, uint64_t ms) {
  begin(ms);
  uint64_t ready = totals.ready;
  on_ready = handshake_done;
  /* Each uses the next client in turn; one is cut when its turn is over, outside of the handler of its own frame. */
  uint32_t turn = 0;
  static uint32_t slots[1024];
  for (uint32_t i = 0; i < window; i += 1) slots[i] = UINT32_MAX;
  while (in_time()) {
    for (uint32_t i = 0; i < window; i += 1) {
      struct connection *connection = slots[i] == UINT32_MAX ? NULL : &connections[slots[i] * 2];
      if (connection && connection->phase != READY && connection->phase != UNUSED) continue;
      if (connection) cut(connection);
      slots[i] = turn++ % most_clients;
      memset(&clients[slots[i]], 0, sizeof *clients);
      struct connection *next = connect_client(slots[i], target_port);
      if (next) next->sent_at_us[0] = now_us();
    }
    pump(20);
  }
  uint64_t ended = now_us(), count = totals.ready - ready;
  for (uint32_t i = 0; i < window; i += 1) cut(&connections[slots[i] * 2]);
  end("handshakes", count, ended);
}

static void cut_all(void) {
  for (uint32_t i = 0; i < most_clients * 2; i += 1) cut(&connections[i]);
}

static uint32_t wanted_messages;
static uint64_t resumed;
static void resume_delivered(struct connection *connection) {
  if (connection->delivered != wanted_messages || connection->asked_to_move) return;
  if (protocol == BATON && connection->phase != READY) return;
  connection->asked_to_move = true;
  resumed += 1;
  one_less(connection);
  sample(connection->sent_at_us[0]);
}

static void command_resume(uint32_t window, uint32_t messages) {
  begin(60000);
  resuming = true;
  resumed = 0;
  wanted_messages = messages;
  on_ready = resume_delivered;
  on_delivery = resume_delivered;
  on_closed = one_less;
  next_client = under_way = 0;
  wanted_clients = opened;
  while (resumed < opened && in_time()) {
    while (under_way < window && next_client < wanted_clients) {
      struct connection *connection = connect_client(next_client++, target_port);
      if (!connection) continue;
      connection->sent_at_us[0] = now_us();
      under_way += 1;
    }
    if (next_client == wanted_clients && under_way == 0) break;
    pump(100);
  }
  resuming = false;
  end("resume", resumed, now_us());
}

/* Clients do what `migrate` says by themselves: see main(). */
static void begin_moves(void) {
  uint64_t now = now_us();
  for (uint32_t i = 0; i < most_clients * 2; i += 1) {
    struct connection *connection = &connections[i];
    if (connection->phase != READY || !connection->asked_to_move || connection->move_at_us > now) continue;
    if (connections[connection->index * 2].phase != UNUSED && connections[connection->index * 2 + 1].phase != UNUSED)
      continue;
    connection->asked_to_move = false;
    connect_client(connection->index, connection->move_port);
  }
}

static void command_moved(uint64_t ms) {
  begin(ms);
  uint64_t ended = 0, looked = 0;
  while (in_time()) {
    pump(5);
    if (now_us() - looked < 5000) continue;
    looked = now_us();
    begin_moves();
    if (totals.closed - run.totals.closed < opened) continue;
    ended = now_us();
    break;
  }
  uint64_t here = 0;
  for (uint32_t i = 0; i < opened; i += 1) here += clients[i].current != NULL;
  end("moved", here, ended ? ended : now_us());
}

static void obey(char *line) {
  uint32_t a, b, c;
  uint64_t ms;
  char word[20];
  line[strcspn(line, "\n")] = 0;
  int used = 0;
  if (sscanf(line, "streams %u %n", &a, &used) == 1 && used > 0) {
    hello_stream_count = a;
    snprintf(hello_streams, sizeof hello_streams, "%s", line + used);
    begin(0);
    end("streams", a, now_us());
  } else if (sscanf(line, "open %u %u", &a, &b) == 2) {
    command_open(a, b);
  } else if (sscanf(line, "fanout %99s %u %u %u %lu", stream_format, &a, &b, &c, &ms) == 5) {
    command_fanout(a, b, c, ms);
  } else if (sscanf(line, "echo %99s %u %u %lu %19s", stream_format, &a, &b, &ms, word) == 5) {
    both = strcmp(word, "both") == 0;
    command_echo(a, b, ms);
  } else if (sscanf(line, "handshakes %u %lu %19s", &a, &ms, word) == 3 && a <= 1024) {
    upgrade_only = strcmp(word, "upgrade") == 0;
    command_handshakes(a, ms);
    upgrade_only = false;
  } else if (sscanf(line, "resume %u %u", &a, &b) == 2) {
    command_resume(a, b);
  } else if (sscanf(line, "moved %lu", &ms) == 1) {
    command_moved(ms);
  } else if (strcmp(line, "drop") == 0 || strcmp(line, "reset") == 0) {
    begin(0);
    cut_all();
    if (line[0] == 'r') memset(clients, 0, most_clients * sizeof *clients);
    end(line[0] == 'r' ? "reset" : "drop", 0, now_us());
  } else {
    fprintf(stderr, "unknown command: %s\n", line);
    exit(2);
  }
}

int main(int count, char **words) {
  if (count < 4) return 2;
  protocol = strcmp(words[1], "baton") == 0 ? BATON : strcmp(words[1], "socket.io") == 0 ? SOCKET_IO : BARE;
  target_port = (uint16_t)atoi(words[2]);
  most_clients = (uint32_t)atoi(words[3]);
  clients = calloc(most_clients, sizeof *clients);
  connections = calloc((size_t)most_clients * 2, sizeof *connections);
  samples = malloc(MOST_SAMPLES * sizeof *samples);
  if (!clients || !connections || !samples) return 1;
  if (count > 4) load_tokens(words[4]);
  net_begin();
  static char input[2000];
  size_t kept = 0;
  for (;;) {
    if (pump(1000)) continue;
    ssize_t got = read(STDIN_FILENO, input + kept, sizeof input - 1 - kept);
    if (got <= 0) return 0;
    kept += (size_t)got;
    input[kept] = 0;
    char *end_of_line = strchr(input, '\n');
    if (!end_of_line) continue;
    *end_of_line = 0;
    obey(input);
    kept = 0;
  }
}
