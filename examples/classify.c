/*
 * classify.c - what is in a picture? A whole program on the public headers.
 *
 *     classify net.onnx cat.jpg                          all on this machine
 *     classify net.onnx cat.jpg http://nas:8700 conv4    cut at conv4
 */
#include <cleave/session.h>
#include <stdio.h>

static int complain(const cleave_error *err)
{
    fprintf(stderr, "%s: %s\n", err->where, err->text);
    return 1;
}

int main(int argc, char **argv)
{
    cleave_session_options options = CLEAVE_SESSION_OPTIONS_INIT;
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_session *session;
    cleave_result *result;

    if (argc != 3 && argc != 5) {
        fprintf(stderr, "usage: classify MODEL PICTURE [SERVER CUT]\n");
        return 2;
    }
    options.model = argv[1];
    options.cache = "cleave-cache";
    options.server = argc == 5 ? argv[3] : NULL;
    options.cut = argc == 5 ? argv[4] : "output";
    if (cleave_session_open(&options, &session, &err) != CLEAVE_OK)
        return complain(&err);
    if (cleave_session_infer_file(session, argv[2], &result, &err) ==
        CLEAVE_OK) {
        for (size_t i = 0; i < result->top_count; i++)
            printf("%8.3f  %s\n", result->top[i].score, result->top[i].label);
        cleave_result_free(result);
    }
    cleave_session_close(session);
    return err.code == CLEAVE_OK ? 0 : complain(&err);
}
