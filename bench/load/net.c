/* Sockets: connect, upgrade, frames in and out. */
#define _GNU_SOURCE
#include "load.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int poll_fd;
static uint8_t shared[1 << 18];

uint64_t now_us(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

void net_begin(void) {
  poll_fd = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(poll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &event);
}

static void watch(struct connection *connection, uint32_t events, int how) {
  struct epoll_event event = {.events = events, .data.ptr = connection};
  epoll_ctl(poll_fd, how, connection->fd, &event);
}

struct connection *connect_client(uint32_t index, uint16_t port) {
  struct connection *connection = &connections[index * 2];
  if (connection->phase != UNUSED) connection += 1;
  if (connection->phase != UNUSED) {
    totals.failed += 1;
    note_trouble("a third connection of one client", 32);
    return NULL;
  }
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (fd < 0) {
    totals.failed += 1;
    note_trouble(strerror(errno), strlen(strerror(errno)));
    return NULL;
  }
  int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  memset(connection, 0, offsetof(struct connection, sent_at_us));
  connection->fd = fd;
  connection->index = index;
  connection->port = port;
  connection->phase = CONNECTING;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  watch(connection, EPOLLIN | EPOLLOUT, EPOLL_CTL_ADD);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) {
    totals.failed += 1;
    note_trouble(strerror(errno), strlen(strerror(errno)));
    cut(connection);
    return NULL;
  }
  return connection;
}

/* By a reset: no port is left in TIME_WAIT, of which there are 28,000 only. */
void cut(struct connection *connection) {
  if (connection->phase == UNUSED) return;
  struct linger none = {.l_onoff = 1, .l_linger = 0};
  setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  close(connection->fd);
  free(connection->partial);
  free(connection->unsent);
  connection->partial = connection->unsent = NULL;
  connection->phase = UNUSED;
  if (clients[connection->index].current == connection) clients[connection->index].current = NULL;
}

static void lost(struct connection *connection) {
  enum phase phase = connection->phase;
  totals.closed += 1;
  if (phase != READY) totals.failed += 1;
  cut(connection);
  if (on_closed) on_closed(connection);
}

void send_bytes(struct connection *connection, const uint8_t *bytes, size_t length) {
  ssize_t written = connection->unsent ? 0 : write(connection->fd, bytes, length);
  if (written < 0) {
    if (errno != EAGAIN) return; /* the reader hears of it */
    written = 0;
  }
  if ((size_t)written == length) return;
  size_t rest = length - (size_t)written;
  connection->unsent = realloc(connection->unsent, connection->unsent_length + rest);
  memcpy(connection->unsent + connection->unsent_length, bytes + written, rest);
  connection->unsent_length += (uint32_t)rest;
  watch(connection, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
}

static void flush_unsent(struct connection *connection) {
  ssize_t written = write(connection->fd, connection->unsent, connection->unsent_length);
  if (written < 0) return;
  connection->unsent_length -= (uint32_t)written;
  memmove(connection->unsent, connection->unsent + written, connection->unsent_length);
  if (connection->unsent_length > 0) return;
  free(connection->unsent);
  connection->unsent = NULL;
  watch(connection, EPOLLIN, EPOLL_CTL_MOD);
}

/* Masked with zeros, which costs the sender nothing and the receiver what any mask costs. */
size_t put_frame(uint8_t *at, const char *text, size_t length) {
  size_t header = 2;
  at[0] = 0x81;
  if (length < 126) {
    at[1] = 0x80 | (uint8_t)length;
  } else {
    at[1] = 0x80 | 126;
    at[2] = (uint8_t)(length >> 8);
    at[3] = (uint8_t)length;
    header = 4;
  }
  memset(at + header, 0, 4);
  memcpy(at + header + 4, text, length);
  return header + 4 + length;
}

void send_text(struct connection *connection, const char *text, size_t length) {
  uint8_t frame[4096];
  if (length > sizeof frame - 8) abort();
  send_bytes(connection, frame, put_frame(frame, text, length));
}

static void ask_upgrade(struct connection *connection) {
  char request[400];
  const char *path = protocol == SOCKET_IO ? "/socket.io/?EIO=4&transport=websocket" : "/v1/connect";
  const char *more = protocol == BATON ? "Sec-WebSocket-Protocol: baton.v1\r\n" : "";
  int length = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s\r\n",
                        path, more);
  connection->phase = UPGRADING;
  send_bytes(connection, (uint8_t *)request, (size_t)length);
}

/* Returns what is left after the answer's head, or a negative number if it isn't complete, or isn't 101. */
static ssize_t take_upgrade(struct connection *connection, uint8_t *bytes, size_t length) {
  uint8_t *end = memmem(bytes, length, "\r\n\r\n", 4);
  if (!end) return -1;
  if (length < 12 || memcmp(bytes, "HTTP/1.1 101", 12) != 0) {
    note_trouble((char *)bytes, length < 60 ? length : 60);
    lost(connection);
    return -2;
  }
  connection->phase = GREETING;
  greet(connection);
  return (ssize_t)(length - (size_t)(end + 4 - bytes));
}

/* Returns how many bytes were complete frames. */
static size_t take_frames(struct connection *connection, uint8_t *bytes, size_t length) {
  size_t at = 0;
  while (length - at >= 2) {
    uint64_t size = bytes[at + 1] & 0x7f;
    size_t header = 2;
    if (size == 126) {
      if (length - at < 4) break;
      size = (uint64_t)bytes[at + 2] << 8 | bytes[at + 3];
      header = 4;
    } else if (size == 127) {
      if (length - at < 10) break;
      size = 0;
      for (int i = 2; i < 10; i += 1) size = size << 8 | bytes[at + i];
      header = 10;
    }
    if (length - at < header + size) break;
    totals.frames += 1;
    receive_frame(connection, bytes[at] & 0x0f, (char *)bytes + at + header, size);
    if (connection->phase == UNUSED) return length;
    at += header + size;
  }
  return at;
}

static void keep(struct connection *connection, const uint8_t *bytes, size_t length) {
  if (length > connection->partial_capacity) {
    connection->partial_capacity = (uint32_t)length + 256;
    connection->partial = realloc(connection->partial, connection->partial_capacity);
  }
  memmove(connection->partial, bytes, length);
  connection->partial_length = (uint32_t)length;
}

static void readable(struct connection *connection) {
  size_t before = connection->partial_length;
  memcpy(shared, connection->partial, before);
  ssize_t got = read(connection->fd, shared + before, sizeof shared - before);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    lost(connection);
    return;
  }
  uint8_t *bytes = shared;
  size_t length = before + (size_t)got;
  connection->partial_length = 0;
  if (connection->phase == UPGRADING) {
    ssize_t rest = take_upgrade(connection, bytes, length);
    if (rest == -1) keep(connection, bytes, length);
    if (rest < 0 || connection->phase == UNUSED) return;
    bytes += length - (size_t)rest;
    length = (size_t)rest;
  }
  size_t used = take_frames(connection, bytes, length);
  if (connection->phase != UNUSED && used < length) keep(connection, bytes + used, length - used);
}

static void handle(struct connection *connection, uint32_t events) {
  if (connection->phase == CONNECTING && events & EPOLLOUT) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) {
      note_trouble(strerror(error), strlen(strerror(error)));
      lost(connection);
      return;
    }
    watch(connection, EPOLLIN, EPOLL_CTL_MOD);
    ask_upgrade(connection);
    return;
  }
  if (events & EPOLLOUT && connection->unsent) flush_unsent(connection);
  if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && connection->phase != UNUSED) readable(connection);
}

bool pump(int timeout_ms) {
  struct epoll_event events[256];
  int count = epoll_wait(poll_fd, events, 256, timeout_ms);
  bool quiet = true;
  for (int i = 0; i < count; i += 1) {
    if (events[i].data.ptr == NULL) quiet = false;
    else if (((struct connection *)events[i].data.ptr)->phase != UNUSED) handle(events[i].data.ptr, events[i].events);
  }
  return quiet;
}
