/* Addresses that may be host names: NAME[:PORT]. Numeric ones are bw_addr_parse's matter. */
#ifndef BW_TOOLS_ADDR_H
#define BW_TOOLS_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEFAULT_PORT 7947u

/* Splits text into host and port. False if it can be neither an address nor a host name. */
bool addr_split(const char *text, uint16_t default_port, char *host, size_t host_size, uint16_t *port);

#endif
