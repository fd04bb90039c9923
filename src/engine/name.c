/*
 * name.c - engine names.
 *
 * A name is a scheme and options. Its full form is what profiles and caches
 * are kept under, so two names that mean the same print the same.
 */
#include "engine/name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/fail.h"

static cleave_status bad_option(const char *text, const char *option,
                                const char *why, cleave_error *err)
{
    return clv_fail(err, CLEAVE_INVALID, text,
                    "Engine option '%.60s': %s. Known are threads=N, "
                    "spin=on|off, slow=FACTOR (and for the engine 'fake': "
                    "delay=MS, fail=N).",
                    option, why);
}

static int parse_count(const char *text, uint32_t most, uint32_t *ret)
{
    char *end;
    unsigned long value;

    if (text[0] < '0' || text[0] > '9') {
        return 0;
    }
    value = strtoul(text, &end, 10);
    if (*end != '\0' || value > most) {
        return 0;
    }
    *ret = (uint32_t)value;
    return 1;
}

/* A factor from 1 on, to the thousandth. */
static int parse_slow(const char *text, uint32_t *ret_milli)
{
    double factor;
    const char *end = clv_decimal_read(text, &factor);

    if (end == NULL || *end != '\0' || factor < 1 ||
        factor > CLV_ENGINE_MAX_SLOW) {
        return 0;
    }
    *ret_milli = (uint32_t)(factor * 1000 + 0.5);
    return 1;
}

static const char *set_option(struct clv_engine_name *name, const char *key,
                              const char *value)
{
    int fake = strcmp(name->scheme, "fake") == 0;
    uint32_t number;

    if (strcmp(key, "threads") == 0) {
        return parse_count(value, CLV_ENGINE_MAX_THREADS, &name->threads)
                   ? NULL
                   : "not a number of threads";
    }
    if (strcmp(key, "spin") == 0) {
        name->spin = strcmp(value, "on") == 0;
        return name->spin || strcmp(value, "off") == 0 ? NULL
                                                       : "neither on nor off";
    }
    if (strcmp(key, "slow") == 0) {
        return parse_slow(value, &name->slow_milli)
                   ? NULL
                   : "not a factor from 1 to 1000";
    }
    if (fake && strcmp(key, "fail") == 0) {
        return parse_count(value, UINT32_MAX, &name->fail_each)
                   ? NULL
                   : "not a number";
    }
    if (fake && strcmp(key, "delay") == 0) {
        if (!parse_count(value, 3600000, &number)) {
            return "not a number of milliseconds";
        }
        name->delay_ns = (uint64_t)number * 1000000;
        return NULL;
    }
    return "no such option";
}

static cleave_status parse_options(const char *text, char *options,
                                   struct clv_engine_name *name,
                                   cleave_error *err)
{
    char *rest = NULL;

    for (char *option = strtok_r(options, ",", &rest); option != NULL;
         option = strtok_r(NULL, ",", &rest)) {
        char *equals = strchr(option, '=');
        const char *why = "has no value";
        if (equals != NULL) {
            *equals = '\0';
            why = set_option(name, option, equals + 1);
        }
        if (why != NULL) {
            return bad_option(text, option, why, err);
        }
    }
    return CLEAVE_OK;
}

cleave_status clv_engine_name_parse(const char *text,
                                    struct clv_engine_name *ret_name,
                                    cleave_error *err)
{
    struct clv_engine_name name = {.scheme = "cpu", .slow_milli = 1000};
    char copy[128];
    char *options;
    cleave_status status = CLEAVE_OK;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (text == NULL || text[0] == '\0') {
        text = "cpu";
    }
    if (strlen(text) >= sizeof copy) {
        return clv_fail(err, CLEAVE_INVALID, text, "The name is too long.");
    }
    strcpy(copy, text);
    options = strchr(copy, ':');
    if (options != NULL) {
        *options++ = '\0';
    }
    if (strlen(copy) >= sizeof name.scheme) {
        return clv_fail(err, CLEAVE_INVALID, text, "No such engine.");
    }
    strcpy(name.scheme, copy);
    if (options != NULL) {
        status = parse_options(text, options, &name, err);
    }
    if (status == CLEAVE_OK) {
        if (name.threads == 0) {
            name.threads = cores > 0 ? (uint32_t)cores : 1;
        }
        *ret_name = name;
    }
    return status;
}

/* ",slow=2.5", or nothing. */
static const char *slow_text(uint32_t milli, char into[24])
{
    size_t length;

    if (milli == 1000) {
        return "";
    }
    snprintf(into, 24, ",slow=%u.%03u", milli / 1000, milli % 1000);
    length = strlen(into);
    while (into[length - 1] == '0') {
        length--;
    }
    into[length - (into[length - 1] == '.')] = '\0';
    return into;
}

void clv_engine_name_print(const struct clv_engine_name *name, char *into,
                           size_t size)
{
    char slow[24];

    if (strcmp(name->scheme, "fake") == 0) {
        snprintf(into, size, "fake:delay=%llu,fail=%u%s",
                 (unsigned long long)(name->delay_ns / 1000000),
                 name->fail_each, slow_text(name->slow_milli, slow));
    } else {
        snprintf(into, size, "%s:threads=%u,spin=%s%s", name->scheme,
                 name->threads, name->spin ? "on" : "off",
                 slow_text(name->slow_milli, slow));
    }
}
