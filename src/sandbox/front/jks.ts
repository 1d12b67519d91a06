import { createHash, X509Certificate } from "node:crypto";

/** The password of Java's own trust store: no secret, since it protects only a checksum. */
const password = "changeit";

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** As java.io.DataOutput writes ASCII: two octets of length, then the text. */
function text(value: string): Buffer {
  return Buffer.concat([Buffer.of(value.length >> 8, value.length & 0xff), Buffer.from(value, "latin1")]);
}

/** UTF-16, the high octet first. */
function utf16(value: string): Buffer {
  return Buffer.from(value, "utf16le").swap16();
}

/**
 * A trust store of Java's (JKS, version 2) with one certificate, for `javax.net.ssl.trustStore`: Java reads no PEM
 * there. Every JDK reads this form, with any `keystore.type`.
 */
export function javaTrustStore(pem: string): Buffer {
  const certificate = new X509Certificate(pem);
  const added = Buffer.alloc(8);
  added.writeBigUInt64BE(BigInt(Date.parse(certificate.validFrom)));
  const store = Buffer.concat([
    int(0xfe_ed_fe_ed),
    int(2),
    int(1),
    // A trusted certificate, by its alias.
    int(2),
    text("podtrust-sandbox-front"),
    added,
    text("X.509"),
    int(certificate.raw.length),
    certificate.raw,
  ]);
  // The format's own checksum; it protects nothing.
  const sum = createHash("sha1").update(utf16(password)).update("Mighty Aphrodite").update(store).digest();
  return Buffer.concat([store, sum]);
}
