/*
 * adapt.c - a network that runs where it is best, on the public headers:
 *     adapt APP.yaml PROFILE.db PICTURE...
 */
#include <cleave/runner.h>
#include <stdio.h>

static int complain(const cleave_error *err)
{
    fprintf(stderr, "adapt: %s: %s\n", err->where, err->text);
    return 1;
}

/* What changed, and why. */
static void on_event(void *self, const cleave_event *event)
{
    (void)self;
    printf("%s: %s%s%s\n", cleave_event_name(event->kind), event->reason,
           event->to != NULL ? ": " : "", event->to != NULL ? event->to : "");
}

int main(int argc, char **argv)
{
    cleave_runner_options options = CLEAVE_RUNNER_OPTIONS_INIT;
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_runner *runner;
    cleave_result *result;

    if (argc < 4)
        return fprintf(stderr, "usage: adapt APP.yaml PROFILE.db PICTURE...\n"),
               2;
    options.application = argv[1];
    options.database = argv[2];
    options.cache = ".cleave-cache";
    options.on_event = on_event;
    if (cleave_runner_open(&options, &runner, &err) != CLEAVE_OK)
        return complain(&err);
    for (int i = 3; i < argc && err.code == CLEAVE_OK; i++) {
        if (cleave_runner_infer_file(runner, argv[i], &result, &err) !=
            CLEAVE_OK)
            break;
        printf("%s: %s, %.2f ms (%.2f expected) by %s\n", argv[i],
               result->top_count > 0 ? result->top[0].label : "no classes",
               (double)result->total_ns / 1e6,
               (double)result->predicted_ns / 1e6, result->design);
        cleave_result_free(result);
    }
    cleave_runner_close(runner);
    return err.code == CLEAVE_OK ? 0 : complain(&err);
}
