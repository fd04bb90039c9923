/*
 * agreement.c - with which calibration a rig packs.
 *
 * A calibration tells a packing what to expect of a tensor: its range, its
 * spread, and for the dense coder its code books, which frames then only
 * name. So for that coder both sides must hold the same file; where they do
 * not, frames carry their own tables, which costs bytes but is always right.
 */
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/file.h"
#include "run/rig.h"

/* Where a model's calibration is looked for: "dir/net.calib". */
static cleave_status default_path(const char *model, char into[CLV_PATH_MAX],
                                  cleave_error *err)
{
    static const char suffix[] = ".onnx";
    size_t length = strlen(model);

    if (clv_path_ends(model, suffix)) {
        length -= sizeof suffix - 1;
    }
    return clv_path_print(into, CLV_PATH_MAX, err, "%.*s.calib", (int)length,
                          model);
}

static int looks_at_calibration(const struct clv_rig *r)
{
    return r->needs_server && r->packing.coder != CLV_CODER_RAW &&
           !clv_packing_is_picture(&r->packing);
}

cleave_status clv_agreement_read(struct clv_rig *r, const char *named,
                                 cleave_error *err)
{
    const char *here = clv_network_sha256(r->ground->network);
    char path[CLV_PATH_MAX];
    cleave_status status = CLEAVE_OK;

    if (named != NULL) {
        status = clv_path_print(path, sizeof path, err, "%s", named);
    } else {
        status = default_path(r->ground->model, path, err);
        if (status == CLEAVE_OK &&
            (!looks_at_calibration(r) || access(path, F_OK) != 0)) {
            return CLEAVE_OK;
        }
    }
    if (status == CLEAVE_OK) {
        status = clv_calibration_read(path, &r->calibration, err);
    }
    return status == CLEAVE_OK
               ? clv_calibration_check(r->calibration, here, path, err)
               : status;
}

void clv_agreement_settle(struct clv_rig *r, const char *there)
{
    const char *here =
        r->calibration != NULL ? clv_calibration_id(r->calibration) : NULL;

    if (r->packing.coder != CLV_CODER_DENSE ||
        (here == NULL && there == NULL) ||
        (here != NULL && there != NULL && strcmp(here, there) == 0)) {
        return;
    }
    (void)clv_path_print(
        r->notice, sizeof r->notice, NULL,
        "packing without calibration, so frames are larger: this device's is "
        "%.16s, the server's %.16s. Copy one .calib file to both sides, "
        "beside the model.",
        here != NULL ? here : "missing", there != NULL ? there : "missing");
    clv_calibration_free(r->calibration);
    r->calibration = NULL;
}
