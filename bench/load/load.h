/* The load client of the benchmark: one thread, one epoll, no library. It does little per message on purpose: it must be
 * faster than whatever it measures. */
#ifndef LOAD_H
#define LOAD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum protocol { BATON, SOCKET_IO, BARE };
enum phase { UNUSED, CONNECTING, UPGRADING, GREETING, READY };

#define MOST_IN_FLIGHT 64

/* Who a client is over several connections. */
struct client {
  char session[64];     /* Baton: session; Socket.IO: its private id */
  char resume[400];     /* Baton: resume token; Socket.IO: last offset */
  char position[128];   /* Baton: the position of its one stream, as JSON */
  uint32_t attempt;
  struct connection *current;
};

struct connection {
  int fd;
  enum phase phase;
  uint16_t port;
  uint32_t index;
  uint32_t awaited;      /* Baton: answers to streams of hello that are missing */
  uint32_t sent, acked, delivered;
  bool asked_to_move;
  uint64_t move_at_us;
  uint16_t move_port;
  uint8_t *partial;      /* the beginning of a frame whose end hasn't come */
  uint32_t partial_length, partial_capacity;
  uint8_t *unsent;
  uint32_t unsent_length;
  uint64_t sent_at_us[MOST_IN_FLIGHT];
};

struct totals {
  uint64_t frames, deliveries, acks, ready, closed, failed, moved, forced;
  uint64_t refused; /* error, gap, refused, reset */
  char last_trouble[200];
};

extern enum protocol protocol;
extern uint16_t target_port;
extern struct client *clients;
extern struct connection *connections;
extern uint32_t most_clients;
extern struct totals totals;
extern char hello_streams[200]; /* %u is the client's index */
extern uint32_t hello_stream_count;
extern bool upgrade_only;
extern bool resuming;
/* What the running command wants to hear of. */
extern void (*on_ready)(struct connection *);
extern void (*on_delivery)(struct connection *);
extern void (*on_ack)(struct connection *, uint32_t upto);
extern void (*on_closed)(struct connection *);

uint64_t now_us(void);
void load_tokens(const char *path);
void net_begin(void);
struct connection *connect_client(uint32_t index, uint16_t port);
void cut(struct connection *connection);
void send_text(struct connection *connection, const char *text, size_t length);
/* Builds frames behind each other, for one write. */
size_t put_frame(uint8_t *at, const char *text, size_t length);
void send_bytes(struct connection *connection, const uint8_t *bytes, size_t length);
/* One round of epoll; false when standard input has something to read. */
bool pump(int timeout_ms);
void receive_frame(struct connection *connection, uint8_t opcode, char *text, size_t length);
void greet(struct connection *connection);
void note_trouble(const char *text, size_t length);
#endif
