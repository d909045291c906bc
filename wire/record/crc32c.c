/*
 * CRC-32C (Castagnoli, reflected polynomial 0x82F63B78) over WebAssembly memory, for io-memory.ts.
 *
 * WebAssembly has no carry-less multiply, so long inputs are folded with plain XORs instead. Count the input in units of
 * 128 bits and let y = x^128. The CRC's polynomial divides
 *
 *     1 + y^4 + y^8 + y^21 + y^61 + y^67 + y^78 + y^79
 *
 * so a unit may be struck out when it is XORed into the units 4, 8, 21, 61, 67, 78 and 79 places further on: the CRC stays
 * the same. Striking out all but the last 79 units leaves 1264 bytes, which a slicing-by-16 table finishes. Seen from the
 * unit that receives, that is seven XORs with units already computed; those, and only those, are kept in `struck`.
 *
 * Build: see crc32c-wasm.ts. Stack and heap are not used, and there are no data segments: what must be remembered lies at
 * fixed addresses at the bottom of the imported memory, all below WORK_END, which io-memory.ts keeps free.
 */
#include <wasm_simd128.h>

typedef unsigned char u8;
typedef unsigned int u32;

#define POLYNOMIAL 0x82F63B78u
#define UNIT_BYTES 16u
#define SPAN 79u          /* the highest power above: units that stay */
#define CHUNK 256u        /* units struck out between two moves of the history */
#define FOLD_FROM 1800u   /* below this many bytes the table alone is faster */

/* table[k][b]: the effect of byte b followed by k zero bytes. 16 KiB. */
#define table ((u32(*)[256])1024u)
/* SPAN units of history, then the chunk under work. The remainder's history needs no more room: it is shorter. */
#define struck ((v128_t *)(1024u + 16384u))
#define remainder_units ((v128_t *)(1024u + 16384u + (SPAN + CHUNK) * UNIT_BYTES))
#define WORK_END (1024u + 16384u + (SPAN + CHUNK + SPAN) * UNIT_BYTES)

_Static_assert(WORK_END <= 65536u, "io-memory.ts keeps one WebAssembly page for this");

__attribute__((export_name("prepare"))) void prepare(void) {
  for (u32 byte = 0; byte < 256; byte++) {
    u32 crc = byte;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) ? POLYNOMIAL : 0);
    table[0][byte] = crc;
  }
  for (u32 byte = 0; byte < 256; byte++) {
    for (int zeros = 1; zeros < 16; zeros++) {
      u32 previous = table[zeros - 1][byte];
      table[zeros][byte] = (previous >> 8) ^ table[0][previous & 255];
    }
  }
}

static inline u32 load32(const u8 *p) {
  u32 value;
  __builtin_memcpy(&value, p, 4);
  return value;
}

static inline u32 four_bytes(u32 word, u32 zeros) {
  return table[zeros + 3][word & 255] ^ table[zeros + 2][(word >> 8) & 255] ^ table[zeros + 1][(word >> 16) & 255] ^
         table[zeros][word >> 24];
}

/* The register after `bytes` bytes, slicing by 16. */
static inline u32 by_table(u32 crc, const u8 *p, u32 bytes) {
  for (; bytes >= 16; bytes -= 16, p += 16) {
    crc = four_bytes(load32(p) ^ crc, 12) ^ four_bytes(load32(p + 4), 8) ^ four_bytes(load32(p + 8), 4) ^
          four_bytes(load32(p + 12), 0);
  }
  for (; bytes > 0; bytes--) crc = (crc >> 8) ^ table[0][(crc ^ *p++) & 255];
  return crc;
}

/* What a unit becomes when all struck units that reach it have been XORed in; `at` is its own place. */
static inline v128_t receive(v128_t unit, const v128_t *at) {
  unit = wasm_v128_xor(unit, at[-79]);
  unit = wasm_v128_xor(unit, at[-78]);
  unit = wasm_v128_xor(unit, at[-67]);
  unit = wasm_v128_xor(unit, at[-61]);
  unit = wasm_v128_xor(unit, at[-21]);
  unit = wasm_v128_xor(unit, at[-8]);
  return wasm_v128_xor(unit, at[-4]);
}

static void move_history(u32 from) {
  for (u32 i = 0; i < SPAN; i++) struck[i] = struck[i + from];
}

static u32 by_folding(u32 crc, const u8 *p, u32 bytes) {
  const u32 units = bytes / UNIT_BYTES;
  const u32 to_strike = units - SPAN;
  v128_t *const chunk = struck + SPAN;
  v128_t seed = wasm_i32x4_make(crc, 0, 0, 0);
  for (u32 i = 0; i < SPAN; i++) struck[i] = wasm_i32x4_splat(0);
  for (u32 done = 0; done < to_strike;) {
    const u32 count = to_strike - done < CHUNK ? to_strike - done : CHUNK;
    const v128_t *in = (const v128_t *)(p + done * UNIT_BYTES);
    chunk[0] = receive(wasm_v128_xor(wasm_v128_load(in), seed), chunk);
    seed = wasm_i32x4_splat(0);
#pragma unroll 4
    for (u32 i = 1; i < count; i++) chunk[i] = receive(wasm_v128_load(in + i), chunk + i);
    done += count;
    move_history(count);
  }
  /* Nothing is struck from here on, so the places that the last units look back to hold history, then zeros. */
  for (u32 i = 0; i < SPAN; i++) chunk[i] = wasm_i32x4_splat(0);
  const v128_t *in = (const v128_t *)(p + to_strike * UNIT_BYTES);
  for (u32 i = 0; i < SPAN; i++) remainder_units[i] = receive(wasm_v128_load(in + i), chunk + i);
  crc = by_table(0, (const u8 *)remainder_units, SPAN * UNIT_BYTES);
  return by_table(crc, p + units * UNIT_BYTES, bytes % UNIT_BYTES);
}

/* The CRC of `bytes` bytes at `p`; `crc` is that of what came before, 0 at the start. */
__attribute__((export_name("crc32c"))) u32 crc32c(u32 crc, const u8 *p, u32 bytes) {
  return bytes < FOLD_FROM ? ~by_table(~crc, p, bytes) : ~by_folding(~crc, p, bytes);
}
