/** A public key that nobody has the private one of: its blob names its type and holds 32 octets (RFC 8709, section 4). */
export const nobodysKey = `ssh-ed25519 ${Buffer.concat([
  Buffer.from([0, 0, 0, 11]),
  Buffer.from("ssh-ed25519"),
  Buffer.from([0, 0, 0, 32]),
  Buffer.alloc(32, 7),
]).toString("base64")}`;
