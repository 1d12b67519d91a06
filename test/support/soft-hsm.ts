import { execFileSync } from "node:child_process";
import type { KeyObject } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { shellWord } from "../../src/core/base/index.ts";

/** SoftHSM's PKCS #11 library; undefined where it is not installed. */
export const softHsmLibrary = [
  "/usr/lib/softhsm/libsofthsm2.so",
  "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
].find((path) => existsSync(path));
const program = join(import.meta.dirname, "..", "..", "packages", "pkcs11", "main.mjs");
const addon = "packages/pkcs11/node_modules/pkcs11js/build/Release/pkcs11.node";

/** Why keys of SoftHSM cannot be had on this machine, or undefined. */
export function whyNoSoftHsm(): string | undefined {
  if (softHsmLibrary === undefined) return "Debian's softhsm2 is not installed";
  if (existsSync(addon)) return undefined;
  return "the addon is not built: npm ci --ignore-scripts && npm run build in packages/pkcs11";
}

/** A program that starts another with these variables, as an environment file of a unit would have them. */
export function helperProgram(path: string, of: string, settings: Readonly<Record<string, string>>): string {
  const lines = Object.entries(settings).map(([name, value]) => `export ${name}=${shellWord(value)}`);
  const exec = `exec ${shellWord(process.execPath)} ${shellWord(of)}`;
  writeFileSync(path, ["#!/bin/sh", ...lines, exec, ""].join("\n"));
  chmodSync(path, 0o755);
  return path;
}

/** A token of SoftHSM with these private keys by their labels; gives the program that reaches it, which starts `of`. */
export function softHsmProgram(
  folder: string,
  keys: Readonly<Record<string, KeyObject>>,
  of: string = program,
): string {
  const [conf, pin] = [join(folder, "softhsm2.conf"), join(folder, "pin")];
  mkdirSync(join(folder, "tokens"));
  const settings = {
    "directories.tokendir": join(folder, "tokens"),
    "objectstore.backend": "file",
    "log.level": "ERROR",
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
  writeFileSync(conf, lines.join(""));
  writeFileSync(pin, "1234\n", { mode: 0o600 });
  const util = (...args: readonly string[]): void => {
    const env = { ...process.env, SOFTHSM2_CONF: conf };
    execFileSync("softhsm2-util", [...args, "--pin", "1234"], { env, stdio: "ignore" });
  };
  util("--init-token", "--free", "--label", "podtrust", "--so-pin", "567890");
  for (const [index, [label, key]] of Object.entries(keys).entries()) {
    const file = join(folder, `${label}.pem`);
    writeFileSync(file, key.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    util("--import", file, "--token", "podtrust", "--label", label, "--id", `0${index + 1}`);
  }
  return helperProgram(join(folder, "podtrust-pkcs11"), of, {
    SOFTHSM2_CONF: conf,
    PODTRUST_PKCS11_MODULE: softHsmLibrary ?? "",
    PODTRUST_PKCS11_TOKEN: "podtrust",
    PODTRUST_PKCS11_PIN_FILE: pin,
  });
}
