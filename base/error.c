/* The words of enum bw_error. */
#include <bellwether/error.h>

#include "base.h"
#include "textname.h"

#define ERROR_FITS(name, text) _Static_assert(sizeof(#name) <= BW_TEXT_NAME_MAX + 1, "error name too long");
BW_ERRORS(ERROR_FITS)

#define ERROR_NAME(name, text) BW_TEXT_NAME(#name),
static const char error_names[][BW_TEXT_NAME_MAX + 1] = {BW_TEXT_NAME("OK"), BW_ERRORS(ERROR_NAME)};

#define ERROR_TEXT(name, text) text,
static const char *const error_texts[] = {"ok", BW_ERRORS(ERROR_TEXT)};

_Static_assert(BW_COUNT(error_texts) == BW_ERROR_COUNT, "one text for each error");

static bool is_error(int error) {
    return error <= 0 && error > -(int)BW_ERROR_COUNT;
}

const char *bw_error_text(int error) {
    return is_error(error) ? error_texts[-error] : "unknown error";
}

const char *bw_error_name(int error) {
    return is_error(error) ? error_names[-error] : "unknown";
}
