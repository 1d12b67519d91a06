/**
 * Compiles pkcs11js with the machine's C++ compiler and the Node-API headers of npm. Nothing is fetched, and no install script
 * of anybody's runs: npm ci --ignore-scripts && npm run build
 */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

const modules = join(import.meta.dirname, "node_modules");
const from = join(modules, "pkcs11js");
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
  `-I${join(modules, "node-api-headers", "include")}`,
];
const sources = ["dl", "common", "main"].map((name) => join(from, "src", `${name}.cpp`));
execFileSync("c++", [...options, ...sources, "-o", join(to, "pkcs11.node")], { stdio: "inherit" });
process.stdout.write(`built ${join(to, "pkcs11.node")}\n`);
