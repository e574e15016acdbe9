/* Hosts in identity mode: each with a key of its own and a certificate for all scopes. */
#ifndef BW_TESTS_CERTIFIED_H
#define BW_TESTS_CERTIFIED_H

#include <bellwether/config.h>

#define CERTIFIED_MAX 128u

/* For bw_sim_options.configure. */
void certified(void *context, size_t host, struct bw_config *config);
/* The text of another certificate of the host's, with this serial; valid until the next call. */
const char *certified_anew(size_t host, uint64_t serial);
/* The authority's word that the one with this serial counts no more, likewise. The first ones have the host's number and one. */
const char *certified_revocation(uint64_t serial);

#endif
