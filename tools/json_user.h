/* Payloads of user events and queries in JSON: text where they are, else base64. */
#ifndef BW_TOOLS_JSON_USER_H
#define BW_TOOLS_JSON_USER_H

#include <jansson.h>
#include <stdio.h>

#include <bellwether/event.h>

#define QUERY_ID_SIZE 17u /* 16 hexadecimal digits and a zero */

/* "payload": the text, if it is UTF-8 without a zero; else "payload_base64". */
void json_set_payload(json_t *object, const void *data, size_t size);
/* The payload that the object holds, nothing if there is none. data has BW_USER_SIZE_MAX bytes. False: it is no text, not base64, or too
 * large. */
bool json_get_payload(const json_t *object, uint8_t *data, size_t *size);

/* Puts an operand into a request: its bytes, those of standard input for "-", nothing for NULL. Complains; false. */
bool json_take_payload(json_t *request, const char *word);

void query_id_text(uint64_t number, char text[QUERY_ID_SIZE]);
bool query_id_parse(const char *text, uint64_t *number);

/* The fields of user-event, query and query-*. */
void json_user_fields(json_t *object, const struct bw_event *event);

#endif
