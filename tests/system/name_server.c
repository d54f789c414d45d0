/* name-server NAME ADDRESS: answers on UDP port 53 of loopback (RFC 1035): NAME has ADDRESS and nothing else, there are
 * no other names. Goes into the background once it can be asked. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { kHeader = 12, kTypeA = 1, kNoSuchName = 3, kSize = 512 };

/* Reads the question's name as text. Returns where it ends, 0 where it is damaged. */
static size_t read_name(const unsigned char* query, size_t size, char* name) {
  size_t at = kHeader, length = 0;
  while (at < size && query[at] != 0) {
    const size_t label = query[at++];
    if (label > 63 || at + label >= size) return 0;
    if (length != 0) name[length++] = '.';
    memcpy(name + length, query + at, label);
    length += label;
    at += label;
  }
  name[length] = '\0';
  return at + 5 <= size ? at + 1 : 0;
}

/* Makes the answer of the query. Returns its size, 0 for none. */
static size_t answer(unsigned char* message, size_t size, const char* known, struct in_addr address) {
  char name[kSize];
  const size_t end = size > kHeader ? read_name(message, size, name) : 0;
  if (end == 0) return 0;
  const int is_known = strcasecmp(name, known) == 0;
  const int has_address = is_known && message[end] == 0 && message[end + 1] == kTypeA;
  message[2] = 0x84; /* an answer, by who knows */
  message[3] = is_known ? 0 : kNoSuchName;
  memset(message + 6, 0, 6);
  message[7] = (unsigned char)has_address;
  size_t at = end + 4;
  if (!has_address) return at;
  const unsigned char record[] = {0xc0, kHeader, 0, kTypeA, 0, 1, 0, 0, 0, 60, 0, 4};
  memcpy(message + at, record, sizeof record);
  memcpy(message + at + sizeof record, &address, sizeof address);
  return at + sizeof record + sizeof address;
}

int main(int argc, char** argv) {
  struct in_addr address;
  if (argc != 3 || inet_aton(argv[2], &address) == 0) return 2;
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(53), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  const int server = socket(AF_INET, SOCK_DGRAM, 0);
  if (bind(server, (struct sockaddr*)&here, sizeof here) != 0 || daemon(0, 0) != 0) {
    perror("name-server");
    return 1;
  }
  for (;;) {
    unsigned char message[2 * kSize];
    struct sockaddr_in from;
    socklen_t length = sizeof from;
    const ssize_t got = recvfrom(server, message, kSize, 0, (struct sockaddr*)&from, &length);
    const size_t size = got > 0 ? answer(message, (size_t)got, argv[1], address) : 0;
    if (size != 0) sendto(server, message, size, 0, (struct sockaddr*)&from, length);
  }
}
