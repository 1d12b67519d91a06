#!/usr/bin/env node
/**
 * Compiles pkcs11js with the machine's C++ compiler and the Node-API headers of npm, where both are installed. Nothing is
 * fetched, and no install script of anybody's runs.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const { resolve } = createRequire(import.meta.url);
const from = dirname(resolve("pkcs11js/package.json"));
const to = join(from, "build", "Release");
mkdirSync(to, { recursive: true });
const options = [
  "-O2",
  "-shared",
  "-fPIC",
  "-std=c++17",
  "-DNODE_GYP_MODULE_NAME=pkcs11",
  "-DNAPI_DISABLE_CPP_EXCEPTIONS",
  "-DBUILDING_NODE_EXTENSION",
  `-I${join(from, "includes")}`,
  `-I${join(dirname(resolve("node-api-headers/package.json")), "include")}`,
];
const sources = ["dl", "common", "main"].map((name) => join(from, "src", `${name}.cpp`));
execFileSync("c++", [...options, ...sources, "-o", join(to, "pkcs11.node")], { stdio: "inherit" });
process.stdout.write(`built ${join(to, "pkcs11.node")}\n`);
