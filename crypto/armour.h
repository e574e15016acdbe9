/* Keys and certificates as text: one line, a word that says what it is, and base64. Blank lines and lines that begin with # are
 * skipped, so that a file can say to people whose it is. */
#ifndef BW_CRYPTO_ARMOUR_H
#define BW_CRYPTO_ARMOUR_H

#include <bellwether/error.h>
#include <bellwether/types.h>

#define BW_ARMOUR_IDENTITY "bellwether-identity"       /* a node's secret: 32 bytes */
#define BW_ARMOUR_AUTHORITY "bellwether-authority"     /* an authority's secret: 32 bytes */
#define BW_ARMOUR_PUBLIC "bellwether-node-key"         /* a node's public key: 32 bytes */
#define BW_ARMOUR_CERTIFICATE "bellwether-certificate" /* a certificate */
#define BW_ARMOUR_REVOCATION "bellwether-revocation"   /* serial and signature: see certificate.h */

/* The text of a line of so many bytes, its newline and a zero included. */
#define BW_ARMOUR_TEXT_SIZE(size) (32u + ((size) + 2u) / 3u * 4u)

/* Reads the only line. BW_ERR_KEY: it is none of this word, not base64, not alone, or of more than `capacity` bytes. */
int bw_armour_read(const char *word, const char *text, size_t text_size, uint8_t *data, size_t capacity, size_t *size);
/* Writes the line, with a newline. text has BW_ARMOUR_TEXT_SIZE(size) bytes. */
void bw_armour_write(const char *word, struct bw_bytes data, char *text);

#endif
