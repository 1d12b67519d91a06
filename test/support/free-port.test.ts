import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { freePort } from "./free-port.ts";

const range = "/proc/sys/net/ipv4/ip_local_port_range";

describe("a port for a program that has to be told its port", () => {
  test("is another one each time, and none that the system gives away", async () => {
    const ports = await Promise.all(Array.from({ length: 50 }, () => freePort()));
    assert.equal(new Set(ports).size, ports.length);
    const lowest = existsSync(range) ? Number(readFileSync(range, "utf8").split(/\s+/u)[0]) : 32_768;
    assert.ok(ports.every((port) => port > 1024 && port < lowest));
  });

  test("is not to be had by another process that looks for one at the same place", async () => {
    const port = await freePort();
    const door = new URL("free-port.ts", import.meta.url).href;
    const script = `const { claim } = await import(${JSON.stringify(door)}); process.stdout.write(String(await claim(${port})));`;
    const said = execFileSync(process.execPath, ["--input-type=module", "--eval", script], {
      encoding: "utf8",
      env: { ...process.env, NODE_NO_WARNINGS: "1" },
    });
    assert.equal(said, "false");
  });
});
