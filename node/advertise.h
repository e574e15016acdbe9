/* The address that others are told, when the host is bound to all addresses and was given none to advertise. */
#ifndef BW_NODE_ADVERTISE_H
#define BW_NODE_ADVERTISE_H

#include <bellwether/types.h>

/* v4, v6: which families are bound. The result has no port. */
struct bw_addr bw_advertise(bool v4, bool v6, const struct bw_addr *seeds, size_t seed_count);

#endif
