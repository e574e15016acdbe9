#include "tools/http_library.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "base/base.h"
#include "build-config.h"
#include "tools/text.h"

struct http_library mhd;

static const struct {
    const char *name;
    size_t place; /* in struct http_library */
} functions[] = {
#define FUNCTION_(function) {"MHD_" #function, offsetof(struct http_library, function)},
    HTTP_LIBRARY_FUNCTIONS(FUNCTION_)
#undef FUNCTION_
};

bool http_library_load(void) {
    /* All at once: a confined agent has nothing left to look up. */
    void *library = dlopen(HTTP_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        complain("http: %s; install libmicrohttpd (Debian package: %s), or start without --http", dlerror(),
                 HTTP_PACKAGE);
        return false;
    }
    for (size_t i = 0; i < BW_COUNT(functions); i++) {
        void *function = dlsym(library, functions[i].name);
        if (function == NULL) {
            complain("http: %s has no %s; install a newer one (0.9.73 or later, Debian package: %s)", HTTP_LIBRARY,
                     functions[i].name, HTTP_PACKAGE);
            dlclose(library);
            return false;
        }
        memcpy((char *)&mhd + functions[i].place, &function, sizeof(function));
    }
    return true;
}
