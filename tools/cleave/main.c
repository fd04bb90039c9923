/*
 * main.c - the program `cleave`: one command after the other's name.
 *
 * Errors go to standard error as one line, "cleave: WHERE: TEXT", and the
 * exit code is 1, or 2 if the command line was at fault.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "base/fail.h"
#include "base/file.h"
#include "base/suggest.h"
#include "command.h"

static const struct command *const commands[] = {
    &command_inspect,   &command_split,    &command_serve,   &command_run,
    &command_calibrate, &command_rate,     &command_profile, &command_plan,
    &command_simulate,  &command_pack,     &command_unpack,  &command_link,
    &command_engines,   &command_quantize,
};

#define LARGE_BYTES (1 << 20)
#define SPARE_BYTES (1 << 18)

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void print_usage(FILE *out)
{
    fprintf(out,
            "cleave %s - one neural network on two machines\n\n"
            "usage: cleave COMMAND [ARGUMENT...]\n\n",
            cleave_version());
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    }
    fprintf(out, "\n`cleave COMMAND --help` tells more, `cleave help --all` "
                 "all at once.\n");
}

static void print_command(const struct command *c, FILE *out)
{
    fprintf(out, "usage: cleave %s %s\n\n%s\n\n%s\n", c->name, c->usage,
            c->summary, c->text);
    fprintf(out, "options:\n");
    settings_print(c->taker, out);
}

static const char *command_at(const void *list, size_t index)
{
    const struct command *const *c = list;

    return c[index]->name;
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

cleave_status command_cache(const struct settings *settings, char *into,
                            cleave_error *err)
{
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");

    if (settings->cache != NULL) {
        return clv_path_print(into, CLV_PATH_MAX, err, "%s", settings->cache);
    }
    if (cache != NULL && cache[0] == '/') {
        return clv_path_print(into, CLV_PATH_MAX, err, "%s/cleave", cache);
    }
    if (home != NULL && home[0] != '\0') {
        return clv_path_print(into, CLV_PATH_MAX, err, "%s/.cache/cleave",
                              home);
    }
    return clv_fail(err, CLEAVE_INVALID, "--cache",
                    "There is no home folder; say where to keep optimised "
                    "networks.");
}

cleave_status command_check_model(const struct settings *settings,
                                  cleave_error *err)
{
    if (settings->rest_count != 1) {
        return clv_fail(err, CLEAVE_INVALID, "arguments",
                        "One model is needed, %zu were given. Try --help.",
                        settings->rest_count);
    }
    return CLEAVE_OK;
}

cleave_status command_open(const struct settings *settings, const char *model,
                           struct opened *opened, cleave_error *err)
{
    char cache[CLV_PATH_MAX];
    cleave_status status = command_cache(settings, cache, err);

    if (status == CLEAVE_OK) {
        status = clv_engine_open(settings->engine, &opened->engine, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_store_open(cache, &opened->store, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_network_open(model, opened->engine, opened->store,
                                  &opened->network, err);
    }
    return status;
}

void command_close(struct opened *opened)
{
    clv_network_close(opened->network);
    clv_store_close(opened->store);
    clv_engine_close(opened->engine);
}

static int complain(const cleave_error *err, int code)
{
    fprintf(stderr, "cleave: %s%s%s\n", err->where, err->where[0] ? ": " : "",
            err->text[0] ? err->text : cleave_status_text(err->code));
    return code;
}

/* A full disk must not look like an answer. */
static int end_output(int code)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "cleave: standard output: Not all could be written; "
                        "is there room for it?\n");
        return code != 0 ? code : 1;
    }
    return code;
}

static int run_command(const struct command *c, int argc, char **argv)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct settings settings;
    cleave_status status =
        settings_parse(&settings, c->taker, argc, argv, &err);
    int code = 0;

    if (status != CLEAVE_OK) {
        code = complain(&err, 2);
    } else if (settings.help) {
        print_command(c, stdout);
    } else if (c->check(&settings, &err) != CLEAVE_OK) {
        code = complain(&err, 2);
    } else {
        status = c->run(&settings, &err);
        if (status != CLEAVE_OK) {
            code = complain(&err, 1);
        }
    }
    settings_fini(&settings);
    return code;
}

static int print_all(void)
{
    print_usage(stdout);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        printf("\n");
        print_command(commands[i], stdout);
    }
    return 0;
}

static int unknown_command(const char *name)
{
    char near[128];

    clv_suggest(name, commands, COMMAND_COUNT, command_at, near, sizeof near);
    fprintf(stderr, "cleave: %s: There is no such command.%s%s%s\n", name,
            near[0] ? " Near it: " : "", near, near[0] ? "." : "");
    return 2;
}

/* What is freed goes back to the system, by default less and less of it: large
   blocks at once, of the heaps of threads all but a little. */
static void keep_little(void)
{
#ifdef __GLIBC__
    (void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
    (void)mallopt(M_TRIM_THRESHOLD, SPARE_BYTES);
#endif
}

static int run(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "--help";
    const struct command *command = find_command(name);

    if (command != NULL) {
        return run_command(command, argc - 2, argv + 2);
    }
    if (strcmp(name, "--version") == 0) {
        printf("cleave %s\n", cleave_version());
        return 0;
    }
    if (strcmp(name, "help") == 0 && argc > 2) {
        command = find_command(argv[2]);
        if (command == NULL) {
            return strcmp(argv[2], "--all") == 0 ? print_all()
                                                 : unknown_command(argv[2]);
        }
        print_command(command, stdout);
        return 0;
    }
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 ||
        strcmp(name, "-h") == 0) {
        print_usage(argc > 1 ? stdout : stderr);
        return argc > 1 ? 0 : 2;
    }
    return unknown_command(name);
}

int main(int argc, char **argv)
{
    int code;

    keep_little();
    code = end_output(run(argc, argv));

    /* All is closed and written. The handlers of a usual exit free what
       threads of ONNX Runtime still read where a command ends soon after it
       began; only the leak checker needs them. */
#ifndef __SANITIZE_ADDRESS__
    _exit(code);
#endif
    return code;
}
