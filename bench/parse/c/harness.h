/*
 * Times a SIP parser on one message: `PROGRAM FILE SECONDS` prints the checksum over the fields and messages a second.
 *
 * The file that includes this defines `prepare` and `parse`, which tells every field in the order that fields.ts gives.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { COPIES = 16, BATCHES_MAX = 100000 };

/* In the timed loop a field costs one addition of its first octet or its number; the checksum is taken once. */
struct fields {
  uint64_t sum;
  int checking;
  uint32_t hash;
};

static void prepare(void);
static void parse(const char *data, size_t size, struct fields *into);

static void check_octets(struct fields *into, const char *value, int lower_case) {
  for (; *value != 0; value++) {
    int octet = (unsigned char)*value;
    if (lower_case && octet >= 'A' && octet <= 'Z') octet |= 0x20;
    into->hash = (into->hash ^ (uint32_t)octet) * 0x01000193u;
  }
  into->hash *= 0x01000193u;
}

static void tell_text(struct fields *into, const char *value) {
  if (into->checking) check_octets(into, value == NULL ? "" : value, 0);
  else if (value != NULL) into->sum += (unsigned char)*value;
}

static void tell_word(struct fields *into, const char *value) {
  if (into->checking) check_octets(into, value == NULL ? "" : value, 1);
  else if (value != NULL) into->sum += (unsigned char)*value;
}

static void tell_number(struct fields *into, unsigned long value) {
  char digits[24];
  into->sum += value;
  if (!into->checking) return;
  snprintf(digits, sizeof digits, "%lu", value);
  check_octets(into, digits, 0);
}

static void fail(const char *why) {
  fprintf(stderr, "%s\n", why);
  exit(1);
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b) {
  double left = *(const double *)a;
  double right = *(const double *)b;
  return (left > right) - (left < right);
}

static double time_batch(char *const *copies, size_t size, long turns, struct fields *into) {
  double start = seconds();
  for (long turn = 0; turn < turns; turn++) parse(copies[turn % COPIES], size, into);
  return seconds() - start;
}

int main(int argc, char **argv) {
  static char message[65536];
  static double batches[BATCHES_MAX];
  char *copies[COPIES];
  struct fields checked = {.checking = 1, .hash = 0x811c9dc5u};
  struct fields timed = {0};
  if (argc != 3) fail("usage: PROGRAM FILE SECONDS");
  FILE *file = fopen(argv[1], "rb");
  if (file == NULL) fail("the message cannot be read");
  size_t size = fread(message, 1, sizeof message - 1, file);
  fclose(file);
  for (int i = 0; i < COPIES; i++) {
    char *place = malloc(size + COPIES + 1);
    if (place == NULL) fail("there is no memory");
    copies[i] = place + i;
    memcpy(copies[i], message, size + 1);
  }
  prepare();
  parse(copies[0], size, &checked);

  long turns = 1;
  while (time_batch(copies, size, turns, &timed) < 0.001) turns *= 2;
  double end = seconds() + atof(argv[2]);
  int count = 0;
  while (count == 0 || (seconds() < end && count < BATCHES_MAX)) {
    batches[count++] = time_batch(copies, size, turns, &timed);
  }
  qsort(batches, (size_t)count, sizeof batches[0], by_value);
  if (timed.sum == 0) fail("nothing was read");
  printf("%08x %.0f\n", checked.hash, (double)turns / batches[count / 2]);
  return 0;
}
