/*
 * What is in a web server's access log (Common or Combined Log Format, on standard input): requests, bytes, status
 * classes, the busiest hours, the most wanted paths and the most frequent clients. A plain C program; on the network it
 * runs as `wasi-cmd-v1`, and anywhere else as it is: `cc -O2 log-analysis.c && ./a.out < access.log`.
 *
 *     clang --target=wasm32-wasi -O2 -Wl,-z,stack-size=65536 -Wl,--strip-all -o log-analysis.wasm log-analysis.c
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 1 << 16, LINE = 8192, SHOWN = 10 };

/* Counts texts. Open addressing; when it is full, new texts are counted together as "others". */
typedef struct {
  char *text;
  uint64_t count;
} Slot;
typedef struct {
  Slot slots[SLOTS];
  int used;
  uint64_t others;
} Tally;

static Tally paths, clients;
static uint64_t requests, unreadable, bytes, classes[6], hours[24];

static void count_text(Tally *tally, const char *text) {
  uint32_t hash = 2166136261u; /* FNV-1a */
  for (const char *at = text; *at; at++) hash = (hash ^ (unsigned char)*at) * 16777619u;
  for (uint32_t slot = hash % SLOTS;; slot = (slot + 1) % SLOTS) {
    Slot *found = &tally->slots[slot];
    if (!found->text) {
      if (tally->used > SLOTS / 2) {
        tally->others++;
        return;
      }
      found->text = strdup(text);
      tally->used++;
    } else if (strcmp(found->text, text) != 0) {
      continue;
    }
    found->count++;
    return;
  }
}

/* 127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET /path?query HTTP/1.0" 200 2326 ... */
static int read_line(char *line) {
  char *client_end = strchr(line, ' ');
  char *time = strchr(line, '[');
  char *request = time ? strchr(time, '"') : NULL;
  char *path = request ? strchr(request + 1, ' ') : NULL;
  char *request_end = path ? strchr(path, '"') : NULL;
  if (!client_end || !request_end) return 0;

  int hour = -1, status = 0;
  unsigned long long size = 0;
  char *clock = strchr(time, ':');
  if (!clock || sscanf(clock + 1, "%2d", &hour) != 1 || hour < 0 || hour > 23) return 0;
  if (sscanf(request_end + 1, " %3d", &status) != 1 || status < 100 || status > 599) return 0;
  sscanf(request_end + 1, " %*d %llu", &size); /* "-" stands for none */

  *client_end = 0;
  path++;
  path[strcspn(path, " ?\"")] = 0;
  count_text(&clients, line);
  count_text(&paths, path);
  classes[status / 100]++;
  hours[hour]++;
  bytes += size;
  return 1;
}

/* The most frequent first; of equals, the first in the alphabet. */
static int by_count(const void *left, const void *right) {
  const Slot *a = left, *b = right;
  if (a->count != b->count) return a->count < b->count ? 1 : -1;
  if (!a->text || !b->text) return (b->text != NULL) - (a->text != NULL);
  return strcmp(a->text, b->text);
}

static void show(const char *title, Tally *tally) {
  printf("\n%s (%d different)\n", title, tally->used);
  qsort(tally->slots, SLOTS, sizeof(Slot), by_count);
  for (int i = 0; i < SHOWN && tally->slots[i].text; i++)
    printf("%10llu  %s\n", (unsigned long long)tally->slots[i].count, tally->slots[i].text);
  if (tally->others) printf("%10llu  others\n", (unsigned long long)tally->others);
}

int main(void) {
  static char line[LINE];
  while (fgets(line, LINE, stdin)) {
    if (read_line(line)) requests++;
    else unreadable++;
  }
  printf("requests %llu, unreadable lines %llu, bytes %llu\n", (unsigned long long)requests,
         (unsigned long long)unreadable, (unsigned long long)bytes);
  for (int class = 1; class < 6; class++)
    if (classes[class]) printf("%dxx %llu\n", class, (unsigned long long)classes[class]);
  printf("\nby hour\n");
  for (int hour = 0; hour < 24; hour++)
    if (hours[hour]) printf("%02d:00 %llu\n", hour, (unsigned long long)hours[hour]);
  show("paths", &paths);
  show("clients", &clients);
  return 0;
}
