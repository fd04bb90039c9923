/*
 * settings.c - every setting of the program, in one table.
 *
 * To add a setting, add a member to struct settings and a row here; flag,
 * help and the check of the man page follow.
 */
#include "settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/suggest.h"

#define AT(member) offsetof(struct settings, member)

const struct setting settings_table[] = {
    {"model", "FILE", SETTING_TEXT, AT(model), TAKES_RUN,
     "the network, an ONNX file"},
    {"models", "DIR", SETTING_TEXT, AT(models), TAKES_SERVE,
     "serve every *.onnx of this folder"},
    {"card", "FILE", SETTING_TEXT, AT(card),
     TAKES_RUN | TAKES_CALIBRATE | TAKES_RATE | TAKES_PROFILE | TAKES_QUANTIZE,
     "the model's card (default: MODEL.yaml beside the model)"},
    {"server", "URL", SETTING_TEXT, AT(server), TAKES_RUN | TAKES_PROFILE,
     "the server, for example http://192.168.1.2:8700"},
    {"listen", "HOST:PORT", SETTING_TEXT, AT(listen), TAKES_SERVE,
     "where to listen (default 127.0.0.1:8700; port 0: any free one)"},
    {"cut", "NAME", SETTING_TEXT, AT(cut), TAKES_RUN | TAKES_SPLIT,
     "where to cut; for run also input (all on the server) and output (all "
     "here, the default)"},
    {"pack", "CODER", SETTING_TEXT, AT(pack), TAKES_RUN | TAKES_PACK,
     "how tensors become bytes: f32 (default), f16, lz:bits=4, "
     "fast:step=0.25, dense:step=0.9sd; pictures: jpeg:quality=85, webp"},
    {"input", "PATH", SETTING_LIST, AT(inputs), TAKES_RUN,
     "a picture, an array (.npy) or a folder of them, for one task "
     "TASK=PATH; may be repeated"},
    {"labels", "FILE", SETTING_TEXT, AT(labels),
     TAKES_RUN | TAKES_RATE | TAKES_PROFILE | TAKES_QUANTIZE,
     "the right answers, a CSV with the columns file (or row) and "
     "class_index"},
    {"in-flight", "N", SETTING_COUNT, AT(in_flight), TAKES_RUN | TAKES_SIMULATE,
     "inferences at once, so that head, transfer and tail overlap (default "
     "1)"},
    {"deadline", "TIME", SETTING_MS, AT(deadline_ms), TAKES_RUN,
     "how long to wait for the server, for example 500ms (default 30s)"},
    {"listen", "HOST:PORT", SETTING_TEXT, AT(listen), TAKES_LINK,
     "where to listen (default 127.0.0.1:0, any free port)"},
    {"to", "HOST:PORT", SETTING_TEXT, AT(to), TAKES_LINK,
     "where the link leads, for example 127.0.0.1:8700"},
    {"rate", "RATE", SETTING_TEXT, AT(rate), TAKES_LINK,
     "of the way up, for example 12.4Mbps (default: no limit)"},
    {"down-rate", "RATE", SETTING_TEXT, AT(down_rate), TAKES_LINK,
     "of the way down (default: four times as fast as up)"},
    {"trace", "FILE", SETTING_TEXT, AT(trace), TAKES_LINK,
     "the rate of the way up over time instead, a CSV with the columns seconds "
     "and mbit_per_s; behind its end it begins anew"},
    {"scale", "FACTOR", SETTING_TEXT, AT(scale), TAKES_LINK | TAKES_SIMULATE,
     "multiplies the trace's rates, for example 0.3"},
    {"delay", "TIME", SETTING_TEXT, AT(delay), TAKES_LINK,
     "how long bytes are under way, each way, for example 25ms (default 0)"},
    {"cut", "FROM..TO", SETTING_LIST, AT(outages), TAKES_LINK,
     "an outage, counted from the start, for example 30s..40s; may be "
     "repeated"},
    {"queue", "LENGTH", SETTING_TEXT, AT(link_queue), TAKES_LINK,
     "what may wait for the link, bytes or time (default 20ms, 6 to 256 KB)"},
    {"payload", NULL, SETTING_FLAG, AT(payload), TAKES_LINK,
     "rates count only what is carried, no headers"},
    {"head", "FILE", SETTING_TEXT, AT(head), TAKES_SPLIT,
     "where to write the head"},
    {"tail", "FILE", SETTING_TEXT, AT(tail), TAKES_SPLIT,
     "where to write the tail"},
    {"data", "DIR", SETTING_TEXT, AT(data),
     TAKES_CALIBRATE | TAKES_RATE | TAKES_PROFILE | TAKES_QUANTIZE,
     "the inputs: a folder of pictures or arrays"},
    {"out", "FILE", SETTING_TEXT, AT(out),
     TAKES_CALIBRATE | TAKES_PROFILE | TAKES_QUANTIZE,
     "where to write, also -o (default for calibrate: MODEL.calib beside the "
     "model)"},
    {"cuts", "A,B", SETTING_TEXT, AT(cuts), TAKES_CALIBRATE | TAKES_RATE,
     "which cuts (default: those that inspect offers, and input)"},
    {"samples", "N", SETTING_COUNT, AT(samples), TAKES_CALIBRATE,
     "inputs to learn from, spread evenly over the data (default 64, at most "
     "half)"},
    {"coders", "A,B", SETTING_TEXT, AT(coders), TAKES_RATE,
     "which of raw, lz, fast, dense, jpeg and webp (default: all)"},
    {"settings", "A,B", SETTING_TEXT, AT(ladder), TAKES_RATE,
     "which settings, for example f16,bits=4,step=0.5sd,quality=80 (default: "
     "a ladder for each coder)"},
    {"calibration", "FILE", SETTING_TEXT, AT(calibration),
     TAKES_RUN | TAKES_PACK | TAKES_UNPACK | TAKES_RATE | TAKES_PROFILE,
     "what `cleave calibrate` has learnt of the model's tensors (for run "
     "default: MODEL.calib beside the model)"},
    {"calibrate", "N", SETTING_COUNT, AT(calibrate),
     TAKES_RATE | TAKES_PROFILE | TAKES_QUANTIZE,
     "inputs that calibrate and are not tested, spread evenly (default 64, at "
     "most half)"},
    {"limit", "N", SETTING_COUNT, AT(limit),
     TAKES_RATE | TAKES_PROFILE | TAKES_QUANTIZE,
     "test on so many inputs at most, spread evenly (default: all)"},
    {"budget", "POINTS", SETTING_TEXT, AT(budget), TAKES_RATE | TAKES_PROFILE,
     "how much may be lost, for example 0.5pp (default 1.0pp)"},
    {"plot", "FILE", SETTING_TEXT, AT(plot), TAKES_RATE | TAKES_PLAN,
     "also draw the curves, an SVG (for plan also a PNG); needs gnuplot"},
    {"resume", "FILE", SETTING_TEXT, AT(resume), TAKES_RATE,
     "where measurements are kept and found again (default: in the cache)"},
    {"fresh", NULL, SETTING_FLAG, AT(fresh), TAKES_RATE | TAKES_PROFILE,
     "measure all anew, whatever is kept"},
    {"coder", "CODER", SETTING_TEXT, AT(coder), TAKES_PACK,
     "raw, lz, fast or dense, with --step or --bits"},
    {"step", "STEP", SETTING_TEXT, AT(step), TAKES_PACK,
     "the quantiser's step, or in standard deviations, for example 0.5sd"},
    {"bits", "N", SETTING_COUNT, AT(bits), TAKES_PACK,
     "quantise to 2 to 8 bits over the range instead"},
    {"tensor", "NAME", SETTING_TEXT, AT(tensor), TAKES_PACK,
     "the tensor's name in the calibration"},
    {"memory", "BYTES", SETTING_BYTES, AT(memory),
     TAKES_UNPACK | TAKES_CALIBRATE | TAKES_RATE | TAKES_PROFILE,
     "of tensors held at once (default 1GiB; for calibrate 256MiB)"},
    {"engine", "NAME", SETTING_TEXT, AT(engine),
     TAKES_RUN | TAKES_SERVE | TAKES_INSPECT | TAKES_SPLIT | TAKES_CALIBRATE |
         TAKES_RATE | TAKES_PROFILE | TAKES_QUANTIZE,
     "what computes, for example cpu:threads=2,spin=off (default: cpu; for "
     "serve cpu:threads=1)"},
    {"workers", "N", SETTING_COUNT, AT(workers), TAKES_SERVE,
     "requests computed at once (default: one per core)"},
    {"queue", "N", SETTING_COUNT, AT(queue), TAKES_SERVE,
     "requests that may wait; more are answered 503 (default 64)"},
    {"memory-limit", "BYTES", SETTING_BYTES, AT(memory_limit), TAKES_SERVE,
     "of loaded networks and tails, for example 500MB (default 2GiB)"},
    {"max-request", "BYTES", SETTING_BYTES, AT(max_request), TAKES_SERVE,
     "the largest request taken (default 64MiB)"},
    {"db", "FILE", SETTING_TEXT, AT(db),
     TAKES_PROFILE | TAKES_PLAN | TAKES_SIMULATE | TAKES_RUN,
     "the profile, a database that `cleave profile` writes"},
    {"task", "NAME", SETTING_TEXT, AT(task),
     TAKES_PROFILE | TAKES_PLAN | TAKES_SIMULATE | TAKES_RUN,
     "which task of the application (default: the only one)"},
    {"policy", "NAME", SETTING_TEXT, AT(policy), TAKES_PLAN,
     "who decides: cleave (default), dyno, neurosurgeon, device-only ..; all "
     "compares them"},
    {"policy", "NAME", SETTING_TEXT, AT(policy), TAKES_RUN,
     "who decides: cleave (default), or another one to compare it with"},
    {"rate", "N", SETTING_LIST, AT(paces), TAKES_RUN,
     "inferences begun a second, of one task TASK=N (default: the "
     "application's, else one after the other); may be repeated"},
    {"manager", "NAME", SETTING_TEXT, AT(manager), TAKES_RUN,
     "of several tasks: table (default): designs change by a table; none: "
     "they stay; oodin: all is decided anew at each change"},
    {"machine", "DIR", SETTING_TEXT, AT(machine), TAKES_RUN,
     "a folder whose files stand for those of /, for trials: "
     "DIR/proc/pressure/memory"},
    {"alone", "TIME", SETTING_TEXT, AT(alone), TAKES_RUN,
     "of several tasks: how long each also runs alone, to compare with; 0: "
     "not at all (default: a tenth of --for, 1s to 5s)"},
    {"rate", "N", SETTING_TEXT, AT(pace), TAKES_SIMULATE,
     "inferences begun a second (default: one after the other)"},
    {"for", "TIME", SETTING_MS, AT(for_ms), TAKES_RUN | TAKES_SIMULATE,
     "how long, for example 60s; inputs begin anew until then"},
    {"repeat", NULL, SETTING_FLAG, AT(repeat), TAKES_RUN,
     "begin the inputs anew for ever"},
    {"bandwidth", "RATE", SETTING_TEXT, AT(bandwidth),
     TAKES_PLAN | TAKES_SIMULATE,
     "to the servers, for example 12.4Mbps (default 1Gbps)"},
    {"down-bandwidth", "RATE", SETTING_TEXT, AT(down_bandwidth), TAKES_PLAN,
     "from the servers (default: as --bandwidth)"},
    {"rtt", "TIME", SETTING_TEXT, AT(rtt), TAKES_PLAN | TAKES_SIMULATE,
     "round trip to the servers, for example 53ms (default 1ms; for simulate "
     "50ms)"},
    {"device-load", "FACTOR", SETTING_TEXT, AT(device_load),
     TAKES_PLAN | TAKES_RUN | TAKES_SIMULATE,
     "how much slower the device is than as profiled, for example 1.5; run "
     "emulates it"},
    {"server-load", "FACTOR", SETTING_TEXT, AT(server_load),
     TAKES_PLAN | TAKES_SIMULATE,
     "how much slower the servers are than as profiled"},
    {"queue", "TIME", SETTING_TEXT, AT(server_queue), TAKES_PLAN,
     "how long requests wait on the servers, for example 3ms"},
    {"policy", "A,B", SETTING_TEXT, AT(policy), TAKES_SIMULATE,
     "who decides, for example cleave,dyno (default: all)"},
    {"trace", "FILE", SETTING_LIST, AT(traces), TAKES_SIMULATE,
     "the link's rate over time, a CSV with the columns seconds and "
     "mbit_per_s; may be repeated, and arguments behind APP are traces, too"},
    {"mode", "MODE", SETTING_TEXT, AT(mode), TAKES_SIMULATE,
     "latency (default): one inference at a time; throughput: they overlap"},
    {"outage", "FROM..TO", SETTING_TEXT, AT(outage), TAKES_SIMULATE,
     "the servers are away, for example 30s..40s"},
    {"seed", "N", SETTING_COUNT, AT(seed), TAKES_SIMULATE,
     "of the luck that times are drawn with (default 1)"},
    {"solver", "NAME", SETTING_TEXT, AT(solver), TAKES_PLAN,
     "decide all tasks together: rass, oodin, best-accuracy, best-size, "
     "contention-unaware, transferred; all compares them"},
    {"kept", "N", SETTING_COUNT, AT(kept), TAKES_PLAN,
     "designs of a switching table that need room of their own at most "
     "(default: as the application says, else 8)"},
    {"share", "SHARE", SETTING_TEXT, AT(share), TAKES_PLAN,
     "of the best there is that each state should have, for example 95% "
     "(default 98%)"},
    {"elsewhere", "FILE", SETTING_TEXT, AT(elsewhere), TAKES_PLAN,
     "another machine's profile of the same application, for transferred"},
    {"explain", NULL, SETTING_FLAG, AT(explain), TAKES_PLAN,
     "also the designs that came next, and where each loses"},
    {"cache", "DIR", SETTING_TEXT, AT(cache),
     TAKES_RUN | TAKES_SERVE | TAKES_INSPECT | TAKES_SPLIT | TAKES_CALIBRATE |
         TAKES_RATE | TAKES_PROFILE | TAKES_QUANTIZE,
     "where optimised networks are kept (default: ~/.cache/cleave)"},
    {"fast", NULL, SETTING_FLAG, AT(fast), TAKES_PROFILE,
     "measure only what could win, on 200 inputs at most"},
    {"together", "TIME", SETTING_TEXT, AT(together), TAKES_PROFILE,
     "how long to try what tasks and busy neighbours cost each other, 0 for "
     "not at all (default 60s, with --fast 20s)"},
    {"all", NULL, SETTING_FLAG, AT(all), TAKES_INSPECT | TAKES_CALIBRATE,
     "also the cuts that others beat in bytes and work"},
    {"json", NULL, SETTING_FLAG, AT(json),
     TAKES_ALL & ~(TAKES_SPLIT | TAKES_SERVE), "write JSON for programs"},
    {"quiet", NULL, SETTING_FLAG, AT(quiet),
     TAKES_RUN | TAKES_SERVE | TAKES_CALIBRATE | TAKES_RATE | TAKES_PROFILE |
         TAKES_LINK | TAKES_QUANTIZE,
     "no progress, no log"},
    {"help", NULL, SETTING_FLAG, AT(help), TAKES_ALL, "show this help"},
};

const size_t settings_count = sizeof settings_table / sizeof settings_table[0];

/* -- Values -- */

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit byte_units[] = {
    {"", 1},
    {"B", 1},
    {"kB", 1000},
    {"KB", 1000},
    {"MB", 1000 * 1000},
    {"GB", 1000 * 1000 * 1000},
    {"KiB", 1 << 10},
    {"MiB", 1 << 20},
    {"GiB", 1 << 30},
    {NULL, 0},
};

static const struct unit time_units[] = {
    {"ms", 1}, {"s", 1000}, {"min", 60000}, {NULL, 0}};

static const struct unit no_units[] = {{"", 1}, {NULL, 0}};

static int parse_number(const char *text, const struct unit *units,
                        uint64_t *ret)
{
    char *end;
    unsigned long long value;

    if (text[0] < '0' || text[0] > '9') {
        return 0;
    }
    value = strtoull(text, &end, 10);
    for (const struct unit *u = units; u->name != NULL; u++) {
        if (strcmp(end, u->name) == 0) {
            return value > 0 && !__builtin_mul_overflow(value, u->factor, ret);
        }
    }
    return 0;
}

static const char *set_number(uint64_t *into, enum setting_kind kind,
                              const char *text)
{
    uint64_t most = INT64_MAX;
    const struct unit *units = byte_units;
    const char *wrong = "is not a size such as 200MB or 1GiB";

    if (kind == SETTING_MS) {
        most = UINT32_MAX;
        units = time_units;
        wrong = "is not a time such as 250ms or 2s";
    } else if (kind == SETTING_COUNT) {
        most = 1000000;
        units = no_units;
        wrong = "is not a whole number from 1 to a million";
    }
    return parse_number(text, units, into) && *into <= most ? NULL : wrong;
}

static int append(const char ***list, size_t *count, const char *value)
{
    const char **grown = realloc(*list, (*count + 1) * sizeof *grown);

    if (grown == NULL) {
        return 0;
    }
    *list = grown;
    grown[(*count)++] = value;
    return 1;
}

static const char *set_value(struct settings *s, const struct setting *row,
                             const char *text)
{
    char *at = (char *)s + row->offset;

    switch (row->kind) {
    case SETTING_FLAG:
        *(int *)(void *)at = 1;
        return NULL;
    case SETTING_TEXT:
        *(const char **)(void *)at = text;
        return NULL;
    case SETTING_LIST:
        return append((const char ***)(void *)at,
                      (size_t *)(void *)(at + sizeof(const char **)), text)
                   ? NULL
                   : "needs memory";
    default:
        return set_number((uint64_t *)(void *)at, row->kind, text);
    }
}

/* -- Arguments -- */

static const char *flag_at(const void *list, size_t index)
{
    const unsigned *taker = list;

    return settings_table[index].takers & *taker ? settings_table[index].name
                                                 : "";
}

static cleave_status unknown(const char *argument, unsigned taker,
                             cleave_error *err)
{
    char near[128];

    clv_suggest(argument + 2, &taker, settings_count, flag_at, near,
                sizeof near);
    return clv_fail(err, CLEAVE_INVALID, argument,
                    "This command has no such option.%s%s%s Try --help.",
                    near[0] ? " Near it: " : "", near, near[0] ? "." : "");
}

static const struct setting *find(const char *name, size_t length,
                                  unsigned taker)
{
    for (size_t i = 0; i < settings_count; i++) {
        const struct setting *row = &settings_table[i];
        if ((row->takers & taker) && strlen(row->name) == length &&
            strncmp(row->name, name, length) == 0) {
            return row;
        }
    }
    return NULL;
}

/* One option at argv[*i]; its value may be the next argument. */
static cleave_status parse_option(struct settings *s, unsigned taker, int argc,
                                  char **argv, int *i, cleave_error *err)
{
    const char *argument = strcmp(argv[*i], "-o") == 0 ? "--out" : argv[*i];
    const char *equals = strchr(argument, '=');
    size_t length =
        equals ? (size_t)(equals - argument) - 2 : strlen(argument) - 2;
    const struct setting *row = find(argument + 2, length, taker);
    const char *value = equals != NULL ? equals + 1 : NULL;
    const char *wrong;

    if (row == NULL) {
        return unknown(argument, taker, err);
    }
    if (row->kind == SETTING_FLAG && value != NULL) {
        return clv_fail(err, CLEAVE_INVALID, argument,
                        "This option takes no value.");
    }
    if (row->kind != SETTING_FLAG && value == NULL) {
        if (*i + 1 >= argc) {
            return clv_fail(err, CLEAVE_INVALID, argument,
                            "This option needs a value, %s.", row->value);
        }
        value = argv[++*i];
    }
    wrong = set_value(s, row, value);
    if (wrong != NULL) {
        return clv_fail(err, CLEAVE_INVALID, argument, "'%.100s' %s.", value,
                        wrong);
    }
    return CLEAVE_OK;
}

cleave_status settings_parse(struct settings *s, unsigned taker, int argc,
                             char **argv, cleave_error *err)
{
    cleave_status status = CLEAVE_OK;
    int only_rest = 0;

    *s = (struct settings){0};
    for (int i = 0; status == CLEAVE_OK && i < argc; i++) {
        if (!only_rest && strcmp(argv[i], "--") == 0) {
            only_rest = 1;
        } else if (!only_rest && strcmp(argv[i], "-h") == 0) {
            s->help = 1;
        } else if (!only_rest && (strncmp(argv[i], "--", 2) == 0 ||
                                  strcmp(argv[i], "-o") == 0)) {
            status = parse_option(s, taker, argc, argv, &i, err);
        } else if (!append(&s->rest, &s->rest_count, argv[i])) {
            status = clv_fail_memory(err, "arguments", sizeof argv[i]);
        }
    }
    return status;
}

void settings_fini(struct settings *s)
{
    free(s->inputs);
    free(s->paces);
    free(s->outages);
    free(s->traces);
    free(s->rest);
    *s = (struct settings){0};
}

void settings_print(unsigned taker, FILE *out)
{
    for (size_t i = 0; i < settings_count; i++) {
        const struct setting *row = &settings_table[i];
        char flag[40];
        if (!(row->takers & taker)) {
            continue;
        }
        snprintf(flag, sizeof flag, "--%s%s%s", row->name,
                 row->value ? " " : "", row->value ? row->value : "");
        fprintf(out, "  %-22s %s\n", flag, row->help);
    }
}
