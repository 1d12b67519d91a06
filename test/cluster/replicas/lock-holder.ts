/**
 * A replica that holds a lock: `lock-holder.ts PLACE`, PLACE as JSON. It says `read` after each read of the Lease until it
 * has the lock, and then `held`; for each line of
 * its input, which is a certificate and its key as JSON, it saves that under the lock and says `saved`, or the code of
 * what went wrong.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { asPodtrustError, systemClock } from "../../../src/core/base/index.ts";
import type { StoredCertificate } from "../../../src/providers/tls/index.ts";
import { openShared, type SharedStoreAccess } from "./shared.ts";

const [place = ""] = process.argv.slice(2);
let isHeld = false;
const { certificates } = await openShared(JSON.parse(place) as SharedStoreAccess, systemClock, () => {
  if (!isHeld) process.stdout.write("read\n");
});
const lock = await certificates.lock("certificate oidc.example.com");
isHeld = true;
process.stdout.write("held\n");
const address = { directory: "https://ca.example/directory", account: "", names: ["oidc.example.com"] };
for await (const line of createInterface(process.stdin)) {
  const value = JSON.parse(line) as StoredCertificate;
  const outcome = await certificates.save(address, value, { lock }).then(
    () => "saved",
    (error: unknown) => asPodtrustError(error).code,
  );
  process.stdout.write(`${outcome}\n`);
}
await lock.release();
