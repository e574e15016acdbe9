/* The agent's log: standard error, one event a line, logfmt or JSON, unbuffered. */
#ifndef BW_TOOLS_LOG_H
#define BW_TOOLS_LOG_H

#include <stdbool.h>

#include <jansson.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

extern const char *const log_level_names[];  /* NULL at the end */
extern const char *const log_format_names[]; /* NULL at the end */

/* From here on complaints are log lines as well. */
void log_open(enum log_level least, enum log_format format);
bool log_is_open(void);

void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A state change, whose fields are the line. */
void log_object(enum log_level level, const json_t *object);

#endif
