/*
 * command.h - what a command of the program is.
 */
#ifndef CLEAVE_TOOL_COMMAND_H
#define CLEAVE_TOOL_COMMAND_H

#include "network/network.h"
#include "settings.h"
#include "store/store.h"

struct command {
    const char *name;
    unsigned taker;      /* its bit in the settings' table */
    const char *usage;   /* what follows "cleave NAME " */
    const char *summary; /* one line */
    const char *text;    /* what it does, and examples */
    /* What the command line alone can get wrong: exit code 2. */
    cleave_status (*check)(const struct settings *settings, cleave_error *err);
    cleave_status (*run)(const struct settings *settings, cleave_error *err);
};

extern const struct command command_inspect;
extern const struct command command_split;
extern const struct command command_serve;
extern const struct command command_run;
extern const struct command command_pack;
extern const struct command command_unpack;
extern const struct command command_calibrate;
extern const struct command command_rate;
extern const struct command command_profile;
extern const struct command command_link;
extern const struct command command_plan;
extern const struct command command_simulate;
extern const struct command command_engines;
extern const struct command command_quantize;

/*
 * The cache folder: the setting, else $XDG_CACHE_HOME/cleave, else
 * ~/.cache/cleave. `into` has room for CLV_PATH_MAX bytes.
 */
cleave_status command_cache(const struct settings *settings, char *into,
                            cleave_error *err);

/* A model opened for looking at: what inspect and split share. */
struct opened {
    struct clv_engine *engine;
    struct clv_store *store;
    struct clv_network *network;
};

/* Opens the model with the settings' engine and cache. Takes an all-zero
   struct; close it whatever the outcome. */
cleave_status command_open(const struct settings *settings, const char *model,
                           struct opened *opened, cleave_error *err);
void command_close(struct opened *opened);

/* A check: exactly one positional argument, the model. */
cleave_status command_check_model(const struct settings *settings,
                                  cleave_error *err);

#endif
