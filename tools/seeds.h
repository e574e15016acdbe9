/* The addresses to join. Names are resolved in the background and tried again until they have an address: the agent
 * neither waits for the resolver nor gives up. */
#ifndef BW_TOOLS_SEEDS_H
#define BW_TOOLS_SEEDS_H

#include <bellwether/bellwether.h>

struct ev_loop;
struct seeds;

/* Parses; starts to resolve what is a name, and waits for that a moment. bind_family: 4, 6, or 0 for both. */
struct seeds *seeds_create(char *const *joins, size_t count, uint8_t bind_family);
/* What the node is to join from the start. A name without an address as yet is stood for by one that never answers, so
 * that the node knows that it is not alone by intent. */
const struct bw_addr *seeds_list(const struct seeds *seeds, size_t *count);
/* Joins the rest as soon as they have addresses. */
void seeds_watch(struct seeds *seeds, struct ev_loop *loop, struct bw_loop *host);
/* Joins no more. */
void seeds_stop(struct seeds *seeds);
void seeds_destroy(struct seeds *seeds);

#endif
