/*
 * classify.c - one picture, one network, two machines, on the public headers:
 *     classify MODEL PICTURE [SERVER CUT]
 */
#include <cleave/session.h>
#include <stdio.h>

static int complain(const cleave_error *err)
{
    fprintf(stderr, "classify: %s: %s\n", err->where, err->text);
    return 1;
}

int main(int argc, char **argv)
{
    cleave_session_options options = CLEAVE_SESSION_OPTIONS_INIT;
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_session *session;
    cleave_result *result;

    if (argc != 3 && argc != 5)
        return fprintf(stderr, "usage: classify MODEL PICTURE [SERVER CUT]\n"),
               2;
    options.model = argv[1];
    options.cache = ".cleave-cache"; /* halves are optimised once, kept here */
    options.server = argc == 5 ? argv[3] : NULL;
    options.cut = argc == 5 ? argv[4] : NULL; /* NULL: all on this machine */
    if (cleave_session_open(&options, &session, &err) != CLEAVE_OK)
        return complain(&err);
    if (cleave_session_infer_file(session, argv[2], &result, &err) ==
        CLEAVE_OK) {
        printf("%s: %.2f ms here, %.2f ms there, %.2f ms between\n",
               result->top_count > 0 ? result->top[0].label : "no classes",
               (double)result->head_ns / 1e6, (double)result->tail_ns / 1e6,
               (double)result->transfer_ns / 1e6);
        cleave_result_free(result);
    }
    cleave_session_close(session);
    return err.code == CLEAVE_OK ? 0 : complain(&err);
}
