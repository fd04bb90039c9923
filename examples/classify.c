/*
 * classify.c - one picture, one network, two machines.
 *
 *     classify MODEL PICTURE [SERVER CUT]
 *
 * Prints the best class, and where the time went. Without a server all is
 * computed here. Model and card (MODEL.yaml beside it) are read from files;
 * what is prepared once is kept in .cleave-cache in the current folder.
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
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_session_options options = CLEAVE_SESSION_OPTIONS_INIT;
    cleave_session *session;
    cleave_result *result;

    if (argc != 3 && argc != 5) {
        fprintf(stderr, "usage: classify MODEL PICTURE [SERVER CUT]\n");
        return 2;
    }
    options.model = argv[1];
    options.cache = ".cleave-cache";
    options.server = argc == 5 ? argv[3] : NULL;
    options.cut = argc == 5 ? argv[4] : NULL;
    if (cleave_session_open(&options, &session, &err) != CLEAVE_OK) {
        return complain(&err);
    }
    if (cleave_session_infer_file(session, argv[2], &result, &err) ==
        CLEAVE_OK) {
        if (result->top_count > 0 && result->top[0].label != NULL) {
            printf("%s: %.2f ms here, %.2f ms there, %.2f ms between\n",
                   result->top[0].label, (double)result->head_ns / 1e6,
                   (double)result->tail_ns / 1e6,
                   (double)result->transfer_ns / 1e6);
        }
        cleave_result_free(result);
    }
    cleave_session_close(session);
    return err.code != CLEAVE_OK ? complain(&err) : 0;
}
