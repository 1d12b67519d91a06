/**
 * The client of `npm run bench -- sandbox`, a process of its own:
 *
 *   node exchange-load.ts PORT CONNECTIONS EXCHANGES kept|new BODY-FILE
 *
 * Prints what came out as JSON. With `kept` each connection stays for all its exchanges, with `new` each exchange has one
 * of its own, as an SDK's credential provider does.
 */
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import process from "node:process";

const [port = "", connections = "", exchanges = "", mode = "", file = ""] = process.argv.slice(2);
const body = readFileSync(file);
const agent =
  mode === "new"
    ? new Agent({ keepAlive: false })
    : new Agent({ keepAlive: true, maxSockets: Number(connections) });
const headers = { "content-type": "application/x-www-form-urlencoded", "content-length": body.length };
const times: number[] = [];
let failed = 0;
let left = Number(exchanges);

function exchange(): Promise<void> {
  const begun = performance.now();
  return new Promise((resolve) => {
    const asked = request(
      { host: "127.0.0.1", port, method: "POST", path: "/", agent, headers },
      (response) => {
        response.resume().on("end", () => {
          if (response.statusCode !== 200) failed += 1;
          times.push(performance.now() - begun);
          resolve();
        });
      },
    );
    asked.on("error", () => {
      failed += 1;
      resolve();
    });
    asked.end(body);
  });
}

async function connection(): Promise<void> {
  while (left > 0) {
    left -= 1;
    await exchange();
  }
}

const begun = performance.now();
await Promise.all(Array.from({ length: Number(connections) }, connection));
const seconds = (performance.now() - begun) / 1000;
times.sort((a, b) => a - b);
const at = (part: number): number => times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0;
console.log(
  JSON.stringify({
    perSecond: times.length / seconds,
    least: at(0),
    p50: at(0.5),
    p99: at(0.99),
    slowest: at(1),
    slow: times.filter((ms) => ms > 500).length,
    failed,
  }),
);
