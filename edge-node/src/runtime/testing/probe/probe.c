/*
 * A C program, on wasi-libc, that asks for everything a command may ask for, and says what it got.
 *
 *     clang --target=wasm32-wasi -O2 -Wl,-z,stack-size=65536 -Wl,--strip-all -o probe.wasm probe.c
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void try_open(const char *path, const char *mode) {
  FILE *file = fopen(path, mode);
  printf("%s %s: %s\n", path, mode, file ? "opened" : strerror(errno));
  if (file) fclose(file);
}

static void write_text(const char *path, const char *mode, const char *text) {
  FILE *file = fopen(path, mode);
  fputs(text, file);
  fclose(file);
}

static void make_files(void) {
  mkdir("/out/sub", 0777);
  write_text("out/list.txt", "a", "one\n");
  write_text("/out/list.txt", "a", "two\n");
  rename("/out/list.txt", "/out/sub/list.txt");

  FILE *file = fopen("/out/holes.bin", "w");
  fputs("hello", file);
  fseek(file, 10, SEEK_SET);
  fputc('x', file);
  fclose(file);

  write_text("/scratch", "w", "gone");
  struct stat status;
  stat("/scratch", &status);
  printf("scratch had %ld bytes; removed: %d\n", (long)status.st_size, unlink("/scratch"));
}

int main(int count, char **arguments) {
  for (int i = 0; i < count; i++) printf("[%s]", arguments[i]);
  char line[256];
  int lines = 0;
  while (fgets(line, sizeof line, stdin)) lines++;
  printf("\nstdin: %d lines\n", lines);

  FILE *second = fopen("/in/1", "r");
  if (second) printf("/in/1: %s\n", fgets(line, sizeof line, second));
  try_open("/in/0", "w");
  try_open("/in/new", "w");
  try_open("/etc/passwd", "r");
  try_open("../../etc/passwd", "r");
  printf("PATH: %s\n", getenv("PATH") ? "set" : "none");
  printf("time: %ld\n", (long)time(NULL));
  unsigned char random[4];
  getentropy(random, sizeof random);
  printf("random: %02x%02x%02x%02x\n", random[0], random[1], random[2], random[3]);
  DIR *root = opendir("/");
  for (struct dirent *entry; (entry = readdir(root));) printf("/%s\n", entry->d_name);

  if (count > 1 && strcmp(arguments[1], "files") == 0) make_files();
  if (count > 1 && strcmp(arguments[1], "fail") == 0) {
    fprintf(stderr, "it failed, as asked\n");
    return 3;
  }
  return 0;
}
