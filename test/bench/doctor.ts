import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { cpus, loadavg } from "node:os";
import process from "node:process";
import { reportOf } from "../../src/doctor/index.ts";
import { host, newWorld, paths, type World } from "../doctor/world.ts";
import { healthyStack, silentStack } from "./doctor-stack.ts";
import { measuredNow } from "./process.ts";

/** AWS's own time for a document, in milliseconds: what a person's run has. */
const documentMs = 5000;

/** How long one run took, in milliseconds, and what it found. */
export interface Run {
  readonly ms: number;
  readonly findings: readonly string[];
}

async function run(world: World): Promise<Run> {
  const begun = performance.now();
  const { findings } = reportOf(await world.look());
  const told = findings.map(({ reason }) => reason).filter((reason) => reason !== "NotSeenFromOutside");
  return { ms: performance.now() - begun, findings: told };
}

/** Keeps every processor busy, unless others do so already; gives what ends it. */
function loaded(): () => void {
  const wanted = (loadavg()[0] ?? 0) > cpus().length ? 0 : cpus().length * 2;
  const burners = Array.from({ length: wanted }, () =>
    spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" }),
  );
  return () => {
    for (const burner of burners) burner.kill("SIGKILL");
  };
}

/** Runs of an issuer that is made once for all of them, one after the other. */
async function runs(breakIt: (world: World) => Promise<unknown>, times: number): Promise<readonly Run[]> {
  const world = await newWorld();
  world.timeoutMs = documentMs;
  try {
    await breakIt(world);
    const all: Run[] = [];
    while (all.length < times) all.push(await run(world));
    return all;
  } finally {
    await world.close();
  }
}

const addresses = Array.from({ length: 8 }, (_, index) => `192.0.2.${index + 1}`);
const healthyRecords = { [`A ${host}`]: addresses.slice(0, 2), "NS example.test": ["ns1.example.test"] };

/** Two addresses, a zone that answers, no fault. */
async function healthy(world: World): Promise<void> {
  await world.dns({ ...healthyRecords, "A ns1.example.test": ["192.0.2.53"] });
  await world.nameServer("192.0.2.53", { [`A ${host}`]: addresses.slice(0, 2) });
  for (const address of addresses.slice(0, 2)) await world.start({}, address);
}

/** A name server that takes questions and never answers. */
async function silentNameServer(world: World): Promise<void> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  world.atEnd(() => socket.close());
  await world.dns({
    [`A ${host}`]: addresses,
    "NS example.test": ["ns1.example.test"],
    "A ns1.example.test": ["192.0.2.53"],
    "CAA example.test": "failed",
  });
  world.askAt("192.0.2.53", `127.0.0.1:${socket.address().port}`);
}

/** Eight addresses that take connections and say nothing, below a zone whose server says nothing. */
async function silent(world: World): Promise<void> {
  await silentNameServer(world);
  for (const address of addresses)
    await world.listen(
      createServer((socket) => void socket.on("error", () => socket.destroy())),
      address,
    );
}

/** Eight addresses that give the discovery document, and of the keys the first byte. */
async function endless(world: World): Promise<void> {
  await silentNameServer(world);
  for (const address of addresses) {
    const server = await world.start({}, address);
    server.pages.set(paths.jwks, (_request, response) => void response.write("{"));
  }
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1);

function row(name: string, all: readonly Run[], aim: number): string {
  const times = all.map(({ ms }) => ms).sort((a, b) => a - b);
  const [median, slowest] = [times[Math.floor(times.length / 2)] ?? 0, times.at(-1) ?? 0];
  const found = [...new Set(all.flatMap(({ findings }) => findings))].join(", ") || "none";
  const reached = slowest <= aim * 1000 ? "reached" : "**missed**";
  return `| ${name} | ${all.length} | ${seconds(median)} | ${seconds(slowest)} | ${aim}: ${reached} | ${found} |`;
}

/** How long `podtrust doctor https://ISSUER` takes, as the text of docs/reference/benchmarks/doctor.md. */
export async function benchDoctor(quick: boolean): Promise<string> {
  const { when, machine } = measuredNow();
  const atRest = row("healthy", await runs(healthy, quick ? 3 : 20), 20);
  const end = loaded();
  const underLoad = await runs(healthy, quick ? 3 : 100).finally(end);
  const rows = [
    atRest,
    row("healthy, every processor busy", underLoad, 20),
    row("every server silent", await runs(silent, 1), 40),
    row("keys that never end", await runs(endless, 1), 40),
  ];
  const stacks = [
    row("healthy", await healthyStack(quick ? 3 : 20), 20),
    row("issuer, cluster and AWS silent", await silentStack(), 40),
  ];
  return `<!-- Written by \`npm run bench -- doctor\` (test/bench/). Do not edit. -->
# How long doctor takes

\`podtrust doctor https://ISSUER\` on issuers of loopback: real TLS, a resolver and name servers of their own, AWS's five seconds
for each document. A healthy one has two addresses. The broken ones have eight, each of which costs all of its time, below a
zone whose name server never answers.

Measured ${when} on ${machine}; Node ${process.version}.

| issuer | runs | seconds: median | slowest | aim | findings |
| --- | ---: | ---: | ---: | --- | --- |
${rows.join("\n")}

\`podtrust doctor -f podtrust.yaml\` on a whole stack: a stand-in cluster, its issuer, and IAM and STS of the sandbox. In the
broken one each of the three takes connections and never answers.

| stack | runs | seconds: median | slowest | aim | findings |
| --- | ---: | ---: | ---: | --- | --- |
${stacks.join("\n")}

A healthy issuer is to have no finding, in any run, nor is a healthy stack, whose stand-in runs no pods (NoPods). On a network the look-ups and round trips come on top.
`;
}
