import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { cpus, loadavg } from "node:os";
import process from "node:process";
import { reportOf } from "../../src/doctor/index.ts";
import { host, newWorld, paths, type DoctorWorld } from "../doctor/world.ts";
import { doctorFigures, renderDoctorPage, type Run } from "./doctor-page.ts";
import { healthyStack, silentStack } from "./doctor-stack.ts";
import type { PlottedPage } from "./plot.ts";
import { measuredNow } from "./process.ts";

/** AWS's own time for a document, in milliseconds: what a person's run has. */
const documentMs = 5000;

async function run(world: DoctorWorld): Promise<Run> {
  const begun = performance.now();
  const { findings } = reportOf(await world.look());
  const reasons = findings.map(({ reason }) => reason).filter((reason) => reason !== "NotSeenFromOutside");
  return { ms: performance.now() - begun, findings: reasons };
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
async function runs(
  breakIt: (world: DoctorWorld) => Promise<unknown>,
  times: number,
): Promise<readonly Run[]> {
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
async function healthy(world: DoctorWorld): Promise<void> {
  await world.dns({ ...healthyRecords, "A ns1.example.test": ["192.0.2.53"] });
  await world.nameServer("192.0.2.53", { [`A ${host}`]: addresses.slice(0, 2) });
  for (const address of addresses.slice(0, 2)) await world.start({}, address);
}

/** A name server that takes questions and never answers. */
async function silentNameServer(world: DoctorWorld): Promise<void> {
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
async function silent(world: DoctorWorld): Promise<void> {
  await silentNameServer(world);
  for (const address of addresses)
    await world.listen(
      createServer((socket) => void socket.on("error", () => socket.destroy())),
      address,
    );
}

/** Eight addresses that give the discovery document, and of the keys the first byte. */
async function endless(world: DoctorWorld): Promise<void> {
  await silentNameServer(world);
  for (const address of addresses) {
    const server = await world.start({}, address);
    server.pages.set(paths.jwks, (_request, response) => void response.write("{"));
  }
}

/** How long `podtrust doctor` takes: docs/reference/benchmarks/doctor.md and its figures; `quick` for a look. */
export async function benchDoctor(quick: boolean): Promise<PlottedPage> {
  const measured = measuredNow();
  const atRest = await runs(healthy, quick ? 3 : 20);
  const end = loaded();
  const underLoad = await runs(healthy, quick ? 3 : 100).finally(end);
  const issuers = [
    { name: "healthy", runs: atRest, aimSeconds: 20 },
    { name: "healthy, every processor busy", runs: underLoad, aimSeconds: 20 },
    { name: "every server silent", runs: await runs(silent, 1), aimSeconds: 40 },
    { name: "keys that never end", runs: await runs(endless, 1), aimSeconds: 40 },
  ];
  const stacks = [
    { name: "healthy", runs: await healthyStack(quick ? 3 : 20), aimSeconds: 20 },
    { name: "issuer, cluster and AWS silent", runs: await silentStack(), aimSeconds: 40 },
  ];
  const results = { ...measured, issuers, stacks };
  return { text: renderDoctorPage(results), figures: doctorFigures(results) };
}
