/* Addresses as text: 1.2.3.4, 1.2.3.4:7947, ::1, [::1]:7947, and NAME[:PORT] for what is to be resolved. */
#ifndef BW_TOOLS_ADDR_H
#define BW_TOOLS_ADDR_H

#include <bellwether/types.h>

#include "tools/json.h"

#define DEFAULT_PORT 7947u

void addr_text(const struct bw_addr *addr, char text[ADDR_TEXT_SIZE]);

/* A numeric address. Without a port it gets default_port. */
bool addr_parse(const char *text, uint16_t default_port, struct bw_addr *addr);

/* Splits text into host and port. False if it can be neither an address nor a host name. */
bool addr_split(const char *text, uint16_t default_port, char *host, size_t host_size, uint16_t *port);

#endif
