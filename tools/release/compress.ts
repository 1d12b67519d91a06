import { constants, zstdCompressSync } from "node:zlib";

/** zstd (RFC 8878) of a level, with a checksum, so that a host's zstd can say that it was cut short. */
export function compress(bytes: Buffer, level: number): Buffer {
  return zstdCompressSync(bytes, {
    params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 },
  });
}
