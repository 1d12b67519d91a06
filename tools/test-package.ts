/**
 * Packs each package, installs the tarball into an empty folder as a user would, and runs it there: what is proven is
 * the thing that is published, not the checkout.
 *
 *   npm run test:package -- [podtrust] [@podtrust/sandbox] [@podtrust/pkcs11] [@podtrust/kms]
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { holderChecks } from "./package/holder-checks.ts";
import { assembleHolders } from "./package/holders.ts";
import { podtrustChecks } from "./package/podtrust-checks.ts";
import { runnerChecks } from "./package/runner-checks.ts";
import { sandboxChecks } from "./package/sandbox-checks.ts";

const folder = mkdtempSync(join(tmpdir(), "podtrust-package-"));
const [podtrust, sandbox] = [join(folder, "podtrust"), join(folder, "sandbox")];
const asked = process.argv.slice(2);
const checks = Object.entries({
  podtrust: () => podtrustChecks(podtrust),
  "@podtrust/sandbox": () => [...sandboxChecks(sandbox), ...runnerChecks(sandbox)],
  "@podtrust/pkcs11": () => holderChecks["@podtrust/pkcs11"](join(folder, "pkcs11")),
  "@podtrust/kms": () => holderChecks["@podtrust/kms"](join(folder, "kms")),
}).flatMap(([name, checksOf]) => (asked.length === 0 || asked.includes(name) ? checksOf() : []));

let [passed, failed] = [0, 0];
try {
  for (const at of [podtrust, sandbox]) mkdirSync(at);
  assembleHolders();
  for (const [promise, check] of checks) {
    try {
      check();
      passed += 1;
      console.log(`✔ ${promise}`);
    } catch (error) {
      failed += 1;
      console.error(`✖ ${promise}\n${String(error)}`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`packages: ${passed} of ${passed + failed} checks passed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
