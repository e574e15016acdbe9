/* libmicrohttpd, loaded by agents that answer HTTP alone: with all that it brings (GnuTLS, p11-kit, ...) it would be a good part of what
 * any other agent has in memory. Its types and constants are those of its header; each function that is called stands here. */
#ifndef BW_TOOLS_HTTP_LIBRARY_H
#define BW_TOOLS_HTTP_LIBRARY_H

#include <microhttpd.h>
#include <stdbool.h>

#define HTTP_LIBRARY_FUNCTIONS(FUNCTION)                         \
    FUNCTION(add_response_header)                                \
    FUNCTION(create_response_from_buffer)                        \
    FUNCTION(create_response_from_buffer_with_free_callback_cls) \
    FUNCTION(create_response_from_callback)                      \
    FUNCTION(destroy_response)                                   \
    FUNCTION(get_connection_info)                                \
    FUNCTION(get_connection_values)                              \
    FUNCTION(get_daemon_info)                                    \
    FUNCTION(get_timeout)                                        \
    FUNCTION(lookup_connection_value)                            \
    FUNCTION(queue_response)                                     \
    FUNCTION(resume_connection)                                  \
    FUNCTION(run)                                                \
    FUNCTION(set_panic_func)                                     \
    FUNCTION(start_daemon)                                       \
    FUNCTION(stop_daemon)                                        \
    FUNCTION(suspend_connection)

struct http_library {
#define HTTP_LIBRARY_MEMBER_(function) __typeof__(MHD_##function) *function;
    HTTP_LIBRARY_FUNCTIONS(HTTP_LIBRARY_MEMBER_)
#undef HTTP_LIBRARY_MEMBER_
};

/* mhd.run is MHD_run, and so on, once http_library_load has succeeded. */
extern struct http_library mhd;

/* Before the agent confines itself. Loaded once, it stays. Complains and returns false. */
bool http_library_load(void);

#endif
