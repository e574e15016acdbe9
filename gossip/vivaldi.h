/* Network coordinates: where a member is, so that the round trip between any two can be told from their coordinates alone.
 * Vivaldi (Dabek, Cox, Kaashoek, Morris 2004), with a height for the access link, and with the adjustment term of "Network
 * coordinates in the wild" (Ledlie, Gardner, Seltzer 2007; Lee, Zhang et al. for the adjustment). Pure functions. */
#ifndef BW_GOSSIP_VIVALDI_H
#define BW_GOSSIP_VIVALDI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"

#define BW_VIVALDI_DIMENSIONS 8u
#define BW_VIVALDI_WINDOW 20u      /* samples that the adjustment is the mean of */
#define BW_VIVALDI_FILTER 3u       /* samples of one peer that the median is taken of */
#define BW_VIVALDI_ERROR_MAX 1.5   /* of a coordinate that nothing is known of */
#define BW_VIVALDI_RTT_MAX_US 10e6 /* longer round trips are no measurements */

/* Microseconds. error: relative, 0..1.5; the smaller, the surer. */
struct bw_coordinate {
    double at[BW_VIVALDI_DIMENSIONS];
    double height;
    double adjustment;
    double error;
};

/* As it is on the wire and in tables: 22 bytes. at: in units of 2^exponent us. */
struct bw_coordinate_packed {
    int16_t at[BW_VIVALDI_DIMENSIONS];
    uint16_t height;
    int16_t adjustment;
    uint8_t exponent; /* at most BW_VIVALDI_EXPONENT_MAX */
    uint8_t error;    /* in units of 1/128, at most BW_VIVALDI_ERROR_PACKED_MAX */
};

#define BW_VIVALDI_EXPONENT_MAX 9u /* 2^15 * 2^9 us: 16.8 s */
#define BW_VIVALDI_ERROR_PACKED_MAX 192u

struct bw_vivaldi {
    struct bw_coordinate own;
    double samples[BW_VIVALDI_WINDOW];
    uint32_t sample_count; /* taken so far; the window holds the last ones */
};

void bw_vivaldi_init(struct bw_vivaldi *vivaldi);
/* A round trip to a peer with this coordinate was measured. What is no measurement changes nothing. */
void bw_vivaldi_update(struct bw_vivaldi *vivaldi, const struct bw_coordinate *peer, double rtt_us, struct bw_rng *rng);
/* The round trip between two, us; never negative. */
double bw_vivaldi_rtt_us(const struct bw_coordinate *a, const struct bw_coordinate *b);
/* All finite and in range. */
bool bw_vivaldi_valid(const struct bw_coordinate *coordinate);
void bw_vivaldi_pack(const struct bw_coordinate *coordinate, struct bw_coordinate_packed *packed);
/* Any packed one gives a valid coordinate. */
void bw_vivaldi_unpack(const struct bw_coordinate_packed *packed, struct bw_coordinate *coordinate);
/* The median of count (1 to BW_VIVALDI_FILTER) samples. */
uint32_t bw_vivaldi_median(const uint32_t *samples, unsigned count);

#endif
