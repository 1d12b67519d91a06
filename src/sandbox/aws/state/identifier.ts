import { randomBytes, randomInt } from "node:crypto";

const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function letters(count: number): string {
  return Array.from({ length: count }, () => base32.charAt(randomInt(base32.length))).join("");
}

/**
 * AWS's unique ids, four letters for the kind and seventeen more (IAM User Guide, "Unique identifiers"): AROA role, AIPA
 * instance profile, ANPA managed policy, AIDA user.
 */
export function uniqueId(kind: "AROA" | "AIPA" | "ANPA" | "AIDA"): string {
  return `${kind}${letters(17)}`;
}

/** Letters that encode the account, and the surrounding bits that do not: one before it, two after. */
const accountLetters = 9;
const accountBits = 40;
const topBit = 2 ** 44;
const behind = 2 ** (accountLetters * 5 - 1 - accountBits);

/**
 * An access key's id of sixteen letters after AKIA, or ASIA for a temporary one. Like AWS's own, it encodes its
 * account: the first letters hold a set bit, the account's number in forty bits, and others. Tools read the account
 * there, and so do we.
 */
export function accessKeyId(kind: "AKIA" | "ASIA", account: string): string {
  let value = topBit + Number(account) * behind + randomInt(behind);
  let text = "";
  for (let index = 0; index < accountLetters; index += 1) {
    text = base32.charAt(value % 32) + text;
    value = Math.floor(value / 32);
  }
  return `${kind}${text}${letters(16 - accountLetters)}`;
}

/** The account number in an access key's id; for other texts, a number of no account. */
export function accountOfAccessKey(id: string): string {
  const front = id.slice(4, 4 + accountLetters);
  const value = Array.from(front).reduce((sum, letter) => sum * 32 + base32.indexOf(letter), 0);
  return String(Math.floor((value - topBit) / behind)).padStart(12, "0");
}

/** Forty characters, as AWS's secret access keys. */
export function secretKey(): string {
  return randomBytes(30).toString("base64");
}

/** An opaque session token. */
export function sessionToken(): string {
  return `podtrust-sandbox-${randomBytes(96).toString("base64")}`;
}
